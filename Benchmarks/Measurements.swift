import COpenBLAS

/// Ratios of the program's hot loops to bounds of the machine, each pair measured in turns on one core, by CPU time.
enum Measurements {
    static func run() throws {
        openblas_set_num_threads(1)
        let core = String(cString: openblas_get_corename())
        print("OpenBLAS, the bound of the products, uses its kernels for \(core).")
        if ["Prescott", "Core2", "Generic"].contains(core) {
            print(
                "It does not know this processor, and is no bound: export OPENBLAS_CORETYPE=SkylakeX (or Haswell, without AVX-512)."
            )
        }
        print("| what | measured | bound | ratio | wanted |")
        print("|---|---|---|---|---|")
        for labels in [4_000, 100_000] { Steps.oneVsAll(labels: labels) }
        for labels in [4_000, 100_000] { Steps.oneVsAllTopK(labels: labels) }
        for labels in [4_000, 1_000_000] { Steps.shortlist(labels: labels) }
        try Recurrent.lstm()
        try Transformer.step(batch: 255, tokens: 16)
        try Transformer.step(batch: 64, tokens: 128)
        try Reading.run()
    }
}
