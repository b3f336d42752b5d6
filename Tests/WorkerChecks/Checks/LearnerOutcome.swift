import Checkpoint
import Learners
import Support

/// All numbers that a finished job leaves, as bits: each module's parameters or lists, made whole, and the predictions.
public struct LearnerOutcome: Sendable, Equatable {
    /// `module.array` or `predictions.part` → its elements.
    public var arrays: [String: [UInt32]]

    /// Modules with a result of their own, of any framework, in their order.
    private static let modules = ["surrogate", "shortlist", "extreme", "final-shortlist", "reranker"]

    /// Reads the pinned checkpoints and `predictions.h5` of `job`.
    public init(of job: LearnerJob) throws {
        let options = job.options, seed = LearnerJob.seed
        let store = try TrainedModel.open(folder: options.modelFolder(seed: seed)).store()
        arrays = [:]
        for module in Self.modules {
            guard let reader = try store.pinned(module: module) else { continue }
            for name in reader.names { arrays["\(module).\(name)"] = try Self.bits(name, of: reader) }
        }
        let (parts, _) = try ScoreFile.readParts("\(options.resultFolder(seed: seed))/predictions.h5")
        for (name, matrix) in parts {
            arrays["predictions.\(name)"] =
                matrix.starts.array.map { UInt32($0) } + matrix.indices.array.map(UInt32.init(bitPattern:))
                + (matrix.values?.array ?? []).map(\.bitPattern)
        }
    }

    private static func bits(_ name: String, of reader: CheckpointReader) throws -> [UInt32] {
        if name.hasSuffix(".ids") {
            let ids: Buffer<Int32> = try reader.replicated(name)
            return ids.array.map(UInt32.init(bitPattern:))
        }
        let values: Buffer<Float> = try reader.replicated(name)
        return values.array.map(\.bitPattern)
    }

    /// Names of the arrays in which two outcomes differ, in the order in which they came about.
    public func differences(from other: LearnerOutcome) -> [String] {
        let order = Self.modules + ["predictions"]
        let names = Set(arrays.keys).union(other.arrays.keys).filter { arrays[$0] != other.arrays[$0] }
        return order.flatMap { stage in names.filter { $0.hasPrefix(stage + ".") }.sorted() }.map { name in
            "\(name): \(Self.distance(arrays[name] ?? [], other.arrays[name] ?? []))"
        }
    }

    /// In how many elements two arrays differ, and how much where they are floats.
    private static func distance(_ a: [UInt32], _ b: [UInt32]) -> String {
        guard a.count == b.count else { return "\(a.count) elements, not \(b.count)" }
        let pairs = zip(a, b).filter { $0 != $1 }
        let largest = pairs.map { abs(Float(bitPattern: $0) - Float(bitPattern: $1)) }.max() ?? 0
        return "\(pairs.count) of \(a.count) elements, by up to \(largest)"
    }

    /// FNV-1a of all arrays, for a line of a report.
    public var digest: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for (_, bits) in arrays.sorted(by: { $0.key < $1.key }) {
            for word in bits { hash = (hash ^ UInt64(word)) &* 0x100_0000_01B3 }
        }
        return String(hash, radix: 16)
    }
}
