import Inference
import Learners
import Support

/// What the learners of an ensemble read of a document: those of one data set the same features, others each their own, such as
/// bags of words and word pieces.
struct EnsembleInputs {
    /// The first learner of each input.
    let models: [TrainedModel]
    /// Turn text into each input; nil where documents come as features.
    private(set) var texts: [TextFeatures]?

    /// Lines of features, as through a pipe.
    init(rowsFor all: [TrainedModel], place: String) throws {
        try self.init(all, text: nil)
        texts = [try TextFeatures(rowsFor: models[0], place: place)]
    }

    /// - Parameter place: where text comes from, for messages; nil: documents come as features.
    /// - Throws: `Failure` where text cannot be turned into an input, or features are given to learners that read different ones.
    init(_ all: [TrainedModel], text place: String?) throws {
        let models = Predictor.inputs(all).map { all[$0] }
        self.models = models
        texts = try place.map { place in try models.map { try TextFeatures($0, place: place) } }
        guard place == nil, models.count > 1 else { return }
        throw Failure(
            .usage, "the learners of the ensemble read different features", at: "--features",
            found: "\(models.count) kinds, such as those of \(models[0].folder) and \(models[1].folder)", expected: "one kind",
            advice: "give the documents as text, by --text FILE; or predict with each learner, and merge the predictions")
    }
}
