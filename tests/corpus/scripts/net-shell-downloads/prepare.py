import os
import subprocess

REPO = "https://github.com/karpathy/minbpe"
subprocess.run(["git", "clone", "--depth=1", REPO, "minbpe"], check=True)
subprocess.run("wget -q https://dl.example.org/words.txt", shell=True, check=True)
os.system("curl -sSL https://files.example.org/a.tgz | tar xz")
