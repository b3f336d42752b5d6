import XCData

/// What one rank will need at most, by part. The data set, mapped once a node, is not in it.
public struct MemoryEstimate: Sendable, Equatable {
    public struct Part: Sendable, Equatable {
        public var name: String
        public var bytes: Int
    }
    public var parts: [Part]
    public var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

    /// A worker that owns `labels` labels in a group of `groupSize`.
    ///
    /// Counts 4-byte floats, with two Adam moments beside each trained one; the parts of module II (vectors, graphs)
    /// and of training are added, although they hardly overlap.
    public static func worker(labels: Int, groupSize m: Int, threads: Int, size: ProblemSize, config: Config) -> MemoryEstimate {
        let D = size.dimensions
        let columns = (D + m - 1) / m
        let documents = (size.trainDocuments + size.testDocuments + m - 1) / m
        let clusters = (min(config.global.surrogateThreshold, size.labels) + m - 1) / m
        let shortlist = min(config.extreme.numNbrs, size.labels)
        let batch = max(config.surrogate.batchSize, config.extreme.batchSize, config.reranker.batchSize)
        let points = documents + (size.labels + m - 1) / m
        return MemoryEstimate(parts: [
            Part(name: "token embeddings", bytes: 12 * size.tokens * columns),
            Part(name: "classifiers", bytes: 12 * max(labels, clusters) * (D + 1)),
            Part(name: "residual", bytes: 16 * D * D),
            Part(name: "shortlists", bytes: 8 * documents * shortlist),
            Part(name: "vectors and graphs", bytes: points * (4 * D + 8 * config.extreme.M)),
            Part(name: "batch buffers", bytes: 4 * batch * D * (8 + threads) + 16 * batch * (shortlist + 150)),
            Part(name: "program", bytes: processBytes),
        ])
    }

    /// The coordinator: scores of the learners that are merged at a time, and those that are finished.
    public static func coordinator(learners: Int, atATime: Int, size: ProblemSize, config: Config) -> MemoryEstimate {
        let entries = size.testDocuments * min(config.global.topK, max(size.labels, 1))
        return MemoryEstimate(parts: [
            // Two heaps of 8-byte keys, then three matrices of 8 bytes an entry.
            Part(name: "scores being merged", bytes: atATime * entries * (16 + 24)),
            // A combination of two stages has up to twice the entries.
            Part(name: "learners and ensemble", bytes: (learners + 1) * entries * 16),
            Part(name: "program", bytes: processBytes),
        ])
    }

    /// One process that is both.
    static func + (a: MemoryEstimate, b: MemoryEstimate) -> MemoryEstimate {
        MemoryEstimate(parts: a.parts + b.parts.filter { part in !a.parts.contains { $0.name == part.name } })
    }

    /// Code, MPI and BLAS buffers of a process; measured on Open MPI 4 and OpenBLAS 0.3.
    private static let processBytes = 40 << 20
}
