import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--src-file")
parser.add_argument("--src-file-out")
parser.add_argument("--report-out")
args = parser.parse_args()
with open(args.src_file) as source, open(args.src_file_out, "w") as out, open(args.report_out, "w") as report:
    out.writelines(line for line in source if line.strip())
    report.write("done\n")
