"""What a Python script needs to run as a job, from its text alone: it is never run.

analysis = analyse("train.py", python="3.11")
analysis.hardware.gpu, analysis.dependencies.pip_requirements, analysis.network, analysis.outputs
"""

from sfml.analysis.analyser import analyse
from sfml.analysis.findings import (
    Analysis,
    Category,
    Dependencies,
    Evidence,
    Gpu,
    Hardware,
    Install,
    Method,
    Network,
    Note,
    Origin,
    Output,
    OutputKind,
    Package,
    Rule,
)

__all__ = [
    "Analysis",
    "Category",
    "Dependencies",
    "Evidence",
    "Gpu",
    "Hardware",
    "Install",
    "Method",
    "Network",
    "Note",
    "Origin",
    "Output",
    "OutputKind",
    "Package",
    "Rule",
    "analyse",
]
