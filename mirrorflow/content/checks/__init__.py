"""The claims, one module for each page of the theory."""

from mirrorflow.content import checkout_folder

__path__ += checkout_folder("theory_checks")
