"""`mirrorflow run`: a user's own table, its flow, where theory says it ends, and a page that shows both."""

from ._command import run as run
