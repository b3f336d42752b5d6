/// What one rank will need at most, by part. The data set, mapped once a node, is not in it.
public struct MemoryEstimate: Sendable, Equatable {
    public struct Part: Sendable, Equatable {
        public var name: String
        public var bytes: Int

        package init(_ name: String, _ bytes: Int) {
            self.name = name
            self.bytes = bytes
        }
    }
    public var parts: [Part]
    public var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

    package init(parts: [Part]) { self.parts = parts }

    /// The coordinator: scores of the learners that are merged at a time, and those of the finished ones.
    ///
    /// - Parameter topK: scores kept of a document.
    package static func coordinator(learners: Int, atATime: Int, size: ProblemSize, topK: Int, lists: ScoreLists)
        -> MemoryEstimate
    {
        let entries = size.testDocuments * min(topK, max(size.labels, 1))
        // A label and a score are 8 bytes; one list of the classifiers, one of the shortlists.
        let first = lists.hasPriors ? 16 : 8
        // Two lists of a re-ranker, and the one made of them.
        let merging = first + (lists.hasReranker ? 24 : 0), kept = first + (lists.hasReranker ? 8 : 0)
        return MemoryEstimate(parts: [
            Part("scores being merged", atATime * entries * merging),
            // A combination of two lists has up to twice the entries: one learner's, and the ensemble's.
            Part("learners and ensemble", (max(0, learners - atATime) * kept + 2 * first) * entries), program,
        ])
    }

    /// One process that is both.
    package static func + (a: MemoryEstimate, b: MemoryEstimate) -> MemoryEstimate {
        MemoryEstimate(parts: a.parts + b.parts.filter { part in !a.parts.contains { $0.name == part.name } })
    }

    /// Code, MPI and BLAS buffers of a process; measured on Open MPI 4 and OpenBLAS 0.3: 40 to
    /// 65 MiB.
    package static let program = Part("program", 64 << 20)
}
