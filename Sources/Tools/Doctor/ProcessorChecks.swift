import Buffers
import COpenBLAS
import DeepXMLModel
import Foundation

/// What decides speed on one core, and the memory behind it.
struct ProcessorChecks {
    let machine: Machine

    func all() -> [Diagnosis] { [vectors(), products(), hugePages()] }

    private func vectors() -> Diagnosis {
        let line = machine.text("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
        let flags = Set(line.split(separator: " ").map(String.init))
        let known = [
            ("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_bf16", "AVX-512 BF16"), ("amx_bf16", "AMX BF16"),
        ]
        let found = known.filter { flags.contains($0.0) }.map(\.1)
        if flags.contains("avx2") { return .ok("processor", found.joined(separator: ", ")) }
        return .warn(
            "processor", "no AVX2", "training works, several times slower: in a virtual machine, pass the host's CPU through")
    }

    /// A matrix product as training makes them (255 documents, 300 dimensions, 1024 labels) on one core, beside OpenBLAS's.
    private func products() -> Diagnosis {
        let rows = 255, inner = 300, cols = 1024
        let a = Buffer<Float>(count: rows * inner), b = Buffer<Float>(count: cols * inner), c = Buffer<Float>(count: rows * cols)
        openblas_set_num_threads(1)
        var ours = Duration.seconds(1), theirs = ours
        for _ in 0..<5 {
            ours = min(
                ours,
                ContinuousClock().measure {
                    Gemm.timesTransposed(
                        m: rows, n: cols, k: inner, a.pointer, lda: inner, b.pointer, ldb: inner, into: c.pointer, ldc: cols)
                })
            theirs = min(
                theirs,
                ContinuousClock().measure {
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(cols), Int32(inner), 1, a.pointer,
                        Int32(inner),
                        b.pointer, Int32(inner), 0, c.pointer, Int32(cols))
                })
        }
        let speed = 2e-9 * Double(rows * inner * cols) / (ours / .seconds(1)), ratio = theirs / ours
        let core = String(cString: openblas_get_corename())
        let found = String(format: "%.0f GFLOP/s a core, %.0f %% of OpenBLAS (%@)", speed, 100 * ratio, core)
        if ratio > 0.6 { return .ok("matrix products", found) }
        return .warn("matrix products", found, "training is slower than this processor could be: please report these lines")
    }

    private func hugePages() -> Diagnosis {
        guard let text = machine.text("/sys/kernel/mm/transparent_hugepage/enabled") else {
            return .warn("huge pages", "the system does not say", "nothing: classifier rows may be read more slowly")
        }
        let choice = text.split(separator: "[").last.flatMap { $0.split(separator: "]").first }.map(String.init) ?? "unknown"
        if ["always", "madvise"].contains(choice) { return .ok("huge pages", choice) }
        return .warn(
            "huge pages", choice, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled makes large classifiers faster")
    }
}
