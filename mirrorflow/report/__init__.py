"""What a run of claims leaves for people to read: `out/report.html`, and a page for each paper."""

from ._latex import mathml as mathml
from ._latex import mixed as mixed
from ._latex import mixed_text as mixed_text
from ._latex import text as text
from ._own import write_run as write_run
from ._page import page as page
from ._page import write as write
from ._page import write_paper as write_paper
