"""The studies, one script each."""

from mirrorflow.content import checkout_folder

__path__ += checkout_folder("studies")
