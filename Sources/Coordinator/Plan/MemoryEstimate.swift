import Config
import Training

/// What one rank will need at most, by part. The data set, mapped once a node, is not in it.
public struct MemoryEstimate: Sendable, Equatable {
    public struct Part: Sendable, Equatable {
        public var name: String
        public var bytes: Int
    }
    public var parts: [Part]
    public var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

    /// A worker that owns `labels` labels in a group of `groupSize`; see `WorkerMemory`.
    ///
    /// - Parameter encoder: nil: Astec's.
    public static func worker(
        labels: Int, groupSize: Int, threads: Int, size: ProblemSize, config: Config, framework: Framework = .deepXML,
        encoder: EncoderSize? = nil
    ) -> MemoryEstimate {
        WorkerMemory(
            labels: labels, groupSize: groupSize, threads: threads, size: size,
            modules: TrainedModules(framework: framework, config: config), encoder: encoder
        ).estimate
    }

    /// The coordinator: scores of the learners that are merged at a time, and those of the finished ones.
    public static func coordinator(
        learners: Int, atATime: Int, size: ProblemSize, config: Config, framework: Framework = .deepXML
    ) -> MemoryEstimate {
        let modules = TrainedModules(framework: framework, config: config)
        let entries = size.testDocuments * min(modules.config.global.topK, max(size.labels, 1))
        // A label and a score are 8 bytes; one list of the classifiers, one of the shortlists.
        let first = modules.hasShortlists ? 16 : 8
        // Two lists of a re-ranker, and the one made of them.
        let merging = first + (modules.hasReranker ? 24 : 0), kept = first + (modules.hasReranker ? 8 : 0)
        return MemoryEstimate(parts: [
            Part(name: "scores being merged", bytes: atATime * entries * merging),
            // A combination of two lists has up to twice the entries: one learner's, and the ensemble's.
            Part(name: "learners and ensemble", bytes: (max(0, learners - atATime) * kept + 2 * first) * entries),
            Part(name: "program", bytes: processBytes),
        ])
    }

    /// One process that is both.
    static func + (a: MemoryEstimate, b: MemoryEstimate) -> MemoryEstimate {
        MemoryEstimate(parts: a.parts + b.parts.filter { part in !a.parts.contains { $0.name == part.name } })
    }

    /// Code, MPI and BLAS buffers of a process; measured on Open MPI 4 and OpenBLAS 0.3: 40 to
    /// 65 MiB.
    static let processBytes = 64 << 20
}
