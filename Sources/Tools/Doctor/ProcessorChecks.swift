import COpenBLAS
import Devices
import Foundation
import Support

/// What decides speed on one core, and the memory behind it.
struct ProcessorChecks {
    let machine: Machine

    func all() -> [Diagnosis] { [vectors(), ProductCheck().diagnosis(), hugePages()] }

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

/// A matrix product as training makes them (255 documents, 300 dimensions, 1024 labels) on one core, beside OpenBLAS's: the
/// same numbers, and about as fast, by CPU time, so that a busy machine is not called slow.
package struct ProductCheck {
    private let rows = 255, inner = 300, cols = 1024

    func diagnosis() -> Diagnosis {
        let a = numbers(rows * inner), b = numbers(cols * inner), theirs = Buffer<Float>(count: rows * cols)
        let device = CPUDevice(team: ThreadTeam(size: 1)), product = device.tensor(rows: rows, cols: cols)
        let left = device.tensor(DenseMatrix(rows: rows, cols: inner, buffer: a))
        let right = device.tensor(DenseMatrix(rows: cols, cols: inner, buffer: b))
        openblas_set_num_threads(1)
        let seconds = fewestCPUSeconds(
            rounds: 20,
            [
                { device.multiply(left, transposed: right, into: product) },
                {
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(cols), Int32(inner), 1, a.pointer,
                        Int32(inner),
                        b.pointer, Int32(inner), 0, theirs.pointer, Int32(cols))
                },
            ])
        let differences = zip(device.download(product).array, theirs.array).map { abs($0 - $1) }
        let apart = differences.allSatisfy(\.isFinite) ? differences.max() ?? 0 : .infinity
        return Self.verdict(
            speed: 2e-9 * Double(rows * inner * cols) / seconds[0], ratio: seconds[1] / seconds[0], apart: apart,
            blas: String(cString: openblas_get_corename()))
    }

    /// - Parameters:
    ///   - speed: of our product, GFLOP/s.
    ///   - ratio: our speed to OpenBLAS's.
    ///   - apart: the largest difference of an entry, a sum of 300 products of numbers below 1.
    ///   - blas: the processor that OpenBLAS takes this one for.
    package static func verdict(speed: Double, ratio: Double, apart: Float, blas: String) -> Diagnosis {
        let subject = "matrix products"
        guard apart < 1e-3 else {
            return .fail(
                subject, "entries differ from OpenBLAS's by \(apart)",
                "do not train here: the processor, its emulation or its memory computes wrongly")
        }
        let found = String(format: "%.0f GFLOP/s a core, %.0f %% of OpenBLAS (%@)", speed, 100 * ratio, blas)
        if ratio > 0.6 { return .ok(subject, found) }
        return .warn(subject, found, "training is slower than this processor could be: please report these lines")
    }

    /// From −½ to ½, without a pattern that hides a mistake.
    private func numbers(_ count: Int) -> Buffer<Float> {
        Buffer((0..<count).map { Float($0 &* 7919 % 10_007) / 10_007 - 0.5 })
    }
}
