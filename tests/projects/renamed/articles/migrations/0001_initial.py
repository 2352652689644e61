import runpy
from pathlib import Path

# Where `tokens` is now, this project once was.
PROJECTS = Path(__file__).parents[3]
Migration = runpy.run_path(str(PROJECTS / "tokens" / "articles" / "migrations" / "0001_initial.py"))["Migration"]
