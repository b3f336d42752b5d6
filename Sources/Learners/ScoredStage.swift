import DeepXMLModel
import Devices
import Messages
import Support

/// Trained scores of labels: what is predicted without a re-ranker.
///
/// One worker's view: each knows the scores of its own labels. All workers of a group call the same methods in the same
/// order.
package protocol ScoredStage {
    /// Features of the documents that scores are wanted of.
    var queries: CSRMatrix { get }

    /// This worker's scores of some of the queries: those of its own labels, by their original ids.
    func scores(of documents: Range<Int>) throws -> [ScoreEntry]
}

/// Trained scores that a re-ranker can work on.
package protocol RerankableStage: ScoredStage {
    /// What the re-ranker scores: the `k` labels of each query with the largest scores over all workers' labels, of which those
    /// of this worker's labels, with their scores.
    func candidates(_ k: Int) throws -> CSRMatrix

    /// Module IV's negatives: the labels of each training document that this stage likes best, positives left out.
    func negatives(sizes: ShortlistSizes) throws -> NegativeShortlists
}

/// The stages of a first module in training, one for each set of documents that it scores.
package struct TrainedStages {
    /// Of the test documents.
    package var test: any RerankableStage
    /// Of the validation documents; nil: the run has none.
    package var validation: (any RerankableStage)?

    package init(test: any RerankableStage, validation: (any RerankableStage)? = nil) {
        (self.test, self.validation) = (test, validation)
    }
}

/// A trained learner that scores any documents. Used by one thread of its rank.
package protocol LearnerPredictor: AnyObject {
    /// How the rows of `features` are scored.
    ///
    /// - Parameter features: N×V, as `TrainedModel.featureFile` reads them.
    func prediction(of features: CSRMatrix) throws -> Prediction

    /// Every label was scored, and the scores stand as they are: `bestLabels` tells all.
    var scoresAllLabels: Bool { get }

    /// The k labels with the largest scores for each row of `features`, by their original ids; for learners that score all
    /// labels.
    func bestLabels(_ k: Int, of features: CSRMatrix) throws -> TopK
}

extension LearnerPredictor {
    package var scoresAllLabels: Bool { false }

    package func bestLabels(_ k: Int, of features: CSRMatrix) throws -> TopK {
        preconditionFailure("asked of a learner with shortlists or a re-ranker")
    }
}
