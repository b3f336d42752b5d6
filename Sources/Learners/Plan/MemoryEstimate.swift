import Messages
import Support

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

    /// The coordinator: blocks of scores of the learners that are merged at a time, and one block that is measured. All other
    /// scores lie in files.
    ///
    /// - Parameters:
    ///   - atATime: learners whose scores are merged.
    ///   - topK: scores kept of a document.
    ///   - validation: whose scores are merged and measured as those of the test documents are.
    package static func coordinator(
        atATime: Int, size: ProblemSize, topK: Int, lists: ScoreLists, validation: PlannedValidation? = nil
    ) -> MemoryEstimate {
        let kept = min(topK, max(size.labels, 1)), stages = lists.hasPriors ? 2 : 1, held = validation?.documents ?? 0
        let files = stages + (lists.hasReranker ? 1 : 0), rows = min(RowBlock.rows, max(size.testDocuments, held))
        let block = min(ScoreBlock.size, max(size.testDocuments, held)) * kept
        // Weights of learners are tuned on all scores at once: each learner's, two sums on the way, and the two that the last one joins.
        let weighed = validation.map { $0.weighed * 4 * $0.bytes(lists: stages, topK: topK, labels: size.labels) } ?? 0
        let parts = [
            // A label and a score are 8 bytes.
            Part("scores being merged", atATime * ScoreBlock.window * block * 8 * stages),
            // An entry as it travels, in a message, and on its way from one to the other.
            Part("scores that arrive", 3 * 16 * block),
            Part("where documents' scores begin", 8 * (size.testDocuments + held + 1) * (atATime + 1) * files),
            // Lists and their probabilities; a combination of two has up to twice the entries, the sum of learners more.
            Part(measured, rows * kept * 8 * (2 * files + 6)),
            Part("ensembles being weighed", weighed),
            // Propensities, counts of documents, and the cut into shards.
            Part("labels", 32 * size.labels), program,
        ]
        return MemoryEstimate(parts: parts.filter { $0.name == measured || $0.bytes > 0 })
    }

    /// Of a worker that scores every label: the best of its own labels for a block of documents, as they are found, as entries, and as
    /// messages, of which so many wait for the coordinator.
    package static func scoresSent(_ share: WorkerShare, size: ProblemSize, topK: Int) -> Part {
        let entries = min(ScoreBlock.size, size.testDocuments) * min(topK, share.labels)
        return Part("scores on their way", (8 + MemoryLayout<ScoreEntry>.stride * (2 + ScoreBlock.window)) * entries)
    }

    /// What is held only while scores are measured.
    package static let measured = "scores being measured"

    /// Without a part that is held when another process's or thread's is not, and is the smaller of the two.
    package func without(_ name: String, ifLessThan other: MemoryEstimate) -> MemoryEstimate {
        MemoryEstimate(parts: parts.filter { $0.name != name || $0.bytes > other.bytes - Self.program.bytes })
    }

    /// One process that is both.
    package static func + (a: MemoryEstimate, b: MemoryEstimate) -> MemoryEstimate {
        MemoryEstimate(parts: a.parts + b.parts.filter { part in !a.parts.contains { $0.name == part.name } })
    }

    /// Code, MPI and BLAS buffers of a process; measured on Open MPI 4 and OpenBLAS 0.3: 40 to
    /// 65 MiB.
    package static let program = Part("program", 64 << 20)
}
