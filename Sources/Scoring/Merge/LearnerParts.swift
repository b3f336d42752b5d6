import Support

/// A learner's scores of the test documents, wherever they lie: read by blocks of documents.
public struct LearnerParts {
    /// As in `LearnerScores`.
    public let clf: any RowBlocks
    public let knn: any RowBlocks
    public let reranker: (any RowBlocks)?

    public init(clf: any RowBlocks, knn: any RowBlocks, reranker: (any RowBlocks)? = nil) {
        (self.clf, self.knn, self.reranker) = (clf, knn, reranker)
    }

    public var rows: Int { clf.rows }
    public var hasShortlist: Bool { knn.nonZeros > 0 }

    /// The scores of some documents, numbered from 0.
    public func block(_ documents: Range<Int>) throws -> LearnerScores {
        LearnerScores(
            clf: try clf.block(documents), knn: try knn.block(documents), reranker: try reranker?.block(documents),
            hasShortlist: hasShortlist)
    }

    /// The learner's prediction at β (`LearnerScores.combined`).
    public func combined(beta: Double, team: ThreadTeam? = nil) -> CombinedScores {
        CombinedScores(rows: rows, cols: clf.cols) { try block($0).combined(beta: beta, team: team) }
    }
}

/// Scores of documents that are worked out as they are read, by blocks: a learner's at some β, or an ensemble's.
public struct CombinedScores {
    public let rows: Int
    public let cols: Int
    private let make: (Range<Int>) throws -> CSRMatrix

    init(rows: Int, cols: Int, _ make: @escaping (Range<Int>) throws -> CSRMatrix) {
        (self.rows, self.cols, self.make) = (rows, cols, make)
    }

    /// The scores of some documents, numbered from 0.
    public func block(_ documents: Range<Int>) throws -> CSRMatrix { try make(documents) }

    /// As `Scoring.ensemble`; one learner at a time is held of a block.
    public static func ensemble(_ learners: [CombinedScores], team: ThreadTeam? = nil) -> CombinedScores {
        precondition(!learners.isEmpty)
        return CombinedScores(rows: learners[0].rows, cols: learners[0].cols) { documents in
            try learners.dropFirst().reduce(learners[0].block(documents)) { sum, learner in
                Scoring.ensemble([sum, try learner.block(documents)], team: team)
            }
        }
    }

    /// The same with weights (`Scoring.weightedSum`); nil: each counts as it is.
    public static func ensemble(_ learners: [CombinedScores], weights: [Double]?, team: ThreadTeam? = nil) -> CombinedScores {
        guard let weights else { return ensemble(learners, team: team) }
        precondition(weights.count == learners.count)
        return CombinedScores(rows: learners[0].rows, cols: learners[0].cols) { documents in
            let blocks = try learners.map { try $0.block(documents) }
            return Scoring.weightedSum(blocks, weights: weights.map(Float.init), team: team)
        }
    }
}
