import COpenBLAS

// Ratios of the program's hot loops to bounds of the machine, each pair measured in turns on one core, by CPU time.
openblas_set_num_threads(1)
print("| what | measured | bound | ratio | wanted |")
print("|---|---|---|---|---|")
for labels in [4_000, 100_000] { Steps.oneVsAll(labels: labels) }
for labels in [4_000, 100_000] { Steps.oneVsAllTopK(labels: labels) }
for labels in [4_000, 1_000_000] { Steps.shortlist(labels: labels) }
try Recurrent.lstm()
try Reading.run()
