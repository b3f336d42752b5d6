import Support

/// One label's scores for one document, as a worker sends them: 16 bytes, no padding.
public struct ScoreEntry: Sendable, Equatable, BitwiseCopyable {
    /// Test document: its row in the test files.
    public var row: Int32
    /// Original label id.
    public var label: Int32
    /// Logit of this stage; NaN where it has none for the label.
    public var score: Float
    /// What spoke for the label before this stage scored it: similarity of the shortlist (first stage), or the first stage's
    /// score (re-ranker); NaN where there is none.
    public var prior: Float

    public init(row: Int32, label: Int32, score: Float, prior: Float) {
        self.row = row
        self.label = label
        self.score = score
        self.prior = prior
    }
}

/// A worker's scores for the test documents `documents`, or for validation documents: those of its own labels.
public struct ScoreBlock: Sendable, Equatable {
    public enum Stage: Int64, Sendable { case first, reranker }
    /// Blocks that a worker sends before the coordinator has stored the first of them: what the coordinator holds, and MPI
    /// queues, is bounded by them.
    package static let window = 8
    /// Documents of a block.
    package static let size = 512
    public var seed: UInt64
    public var stage: Stage
    public var documents: Range<Int>
    public var scores: [ScoreEntry]
    /// The documents are those of validation.
    public var isValidation = false

    public init(
        seed: UInt64, stage: Stage, documents: Range<Int>, scores: [ScoreEntry]
    ) {
        self.seed = seed
        self.stage = stage
        self.documents = documents
        self.scores = scores
    }
}

extension ScoreBlock {
    private static let validationBit: Int64 = 2

    package func encoded() -> [UInt8] {
        let kind = stage.rawValue | (isValidation ? Self.validationBit : 0)
        let head = [Int64(bitPattern: seed), kind, Int64(documents.lowerBound), Int64(documents.upperBound)]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * head.count + MemoryLayout<ScoreEntry>.stride * scores.count)
        head.withUnsafeBytes { bytes.append(contentsOf: $0) }
        scores.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    package init(decoding bytes: ArraySlice<UInt8>) {
        let head = (0..<4).map { i in
            bytes.dropFirst(8 * i).prefix(8).withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
        }
        seed = UInt64(bitPattern: head[0])
        stage = Stage(rawValue: head[1] & ~Self.validationBit) ?? .first
        isValidation = head[1] & Self.validationBit != 0
        documents = Int(head[2])..<Int(head[3])
        let body = bytes.dropFirst(32), size = MemoryLayout<ScoreEntry>.stride
        let entries = Buffer<ScoreEntry>(count: body.count / size)
        entries.bytes.copyBytes(from: body.prefix(entries.byteCount))
        scores = entries.array
    }
}

extension ScoreBlock {
    /// Several blocks as one message.
    public static func encoded(_ blocks: [ScoreBlock]) -> [UInt8] {
        blocks.flatMap { block in
            let bytes = block.encoded()
            return withUnsafeBytes(of: Int64(bytes.count)) { Array($0) } + bytes
        }
    }

    public static func decoded(_ bytes: [UInt8]) -> [ScoreBlock] {
        var blocks: [ScoreBlock] = [], at = 0
        while at < bytes.count {
            let count = Int(bytes[at..<at + 8].withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
            blocks.append(ScoreBlock(decoding: bytes[at + 8..<at + 8 + count]))
            at += 8 + count
        }
        return blocks
    }
}
