"""Executes a notebook with a kernel, and prints the outputs of its code cells as JSON."""

import json
import sys

import nbformat
from nbclient import NotebookClient

notebook, kernel, folder = sys.argv[1:]
nb = nbformat.read(notebook, as_version=4)
NotebookClient(nb, timeout=600, kernel_name=kernel, resources={"metadata": {"path": folder}}).execute()
print(json.dumps([cell.outputs for cell in nb.cells if cell.cell_type == "code"]))
