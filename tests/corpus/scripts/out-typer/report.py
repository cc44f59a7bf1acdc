from pathlib import Path

import pandas as pd
import typer

app = typer.Typer()


@app.command()
def build(table: Path, report_dir: Path = Path("reports"), rows: int = 10):
    report_dir.mkdir(parents=True, exist_ok=True)
    pd.read_csv(table).head(rows).to_html(report_dir / "head.html")


if __name__ == "__main__":
    app()
