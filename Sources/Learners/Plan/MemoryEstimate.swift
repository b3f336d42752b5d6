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
    package static func coordinator(atATime: Int, size: ProblemSize, topK: Int, lists: ScoreLists) -> MemoryEstimate {
        let kept = min(topK, max(size.labels, 1)), stages = lists.hasPriors ? 2 : 1
        let files = stages + (lists.hasReranker ? 1 : 0), rows = min(RowBlock.rows, size.testDocuments)
        let block = min(ScoreBlock.size, size.testDocuments) * kept
        return MemoryEstimate(parts: [
            // A label and a score are 8 bytes.
            Part("scores being merged", atATime * ScoreBlock.window * block * 8 * stages),
            // An entry as it travels, in a message, and on its way from one to the other.
            Part("scores that arrive", 3 * 16 * block),
            Part("where documents' scores begin", 8 * (size.testDocuments + 1) * (atATime + 1) * files),
            // Lists and their probabilities; a combination of two has up to twice the entries, the sum of learners more.
            Part(measured, rows * kept * 8 * (2 * files + 6)),
            // Propensities, counts of documents, and the cut into shards.
            Part("labels", 32 * size.labels), program,
        ])
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
