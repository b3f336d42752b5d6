import Support

/// What one learner says about the test documents, before it is combined: rows = test documents, columns = original
/// label ids, at most `top_k` entries a row.
public struct LearnerScores: Sendable {
    /// Logits of the extreme classifiers.
    public var clf: CSRMatrix
    /// Similarities of the shortlist; without an entry where the framework has none (DeepXML-OVA).
    public var knn: CSRMatrix
    /// Logits after re-ranking (`Scoring.rerank`); they replace `clf` in the final score.
    public var reranker: CSRMatrix?
    /// β has a meaning: there is a shortlist to weigh the classifiers against.
    public let hasShortlist: Bool

    /// - Parameter hasShortlist: of the whole learner, where these are some documents only; nil: as these scores tell.
    public init(clf: CSRMatrix, knn: CSRMatrix, reranker: CSRMatrix? = nil, hasShortlist: Bool? = nil) {
        precondition(clf.rows == knn.rows && clf.cols == knn.cols)
        self.clf = clf
        self.knn = knn
        self.reranker = reranker
        self.hasShortlist = hasShortlist ?? (knn.nonZeros > 0)
    }

    /// The learner's prediction at β, re-ranked where it has a re-ranker; without a shortlist, the classifiers' alone.
    public func combined(beta: Double, team: ThreadTeam? = nil) -> CSRMatrix {
        guard hasShortlist else { return Scoring.squashed(reranker ?? clf, team: team) }
        return Scoring.combine(clf: reranker ?? clf, knn: knn, beta: beta, team: team)
    }
}
