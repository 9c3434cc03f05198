"""The notebooks for teaching."""

from mirrorflow.content import checkout_folder

__path__ += checkout_folder("demos")
