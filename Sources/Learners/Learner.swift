import Config
import Datasets
import Devices
import Support
import Training

/// A way to train a learner: a framework. Its folder in this target holds all that is its own, and one line of `Frameworks.all`
/// makes it known to every command.
///
/// A learner of a framework says, for each document, scores of labels. How it comes by them is its own affair: encoders and
/// batches (`NetworkLearner`), or none of these.
package protocol Learner: Sendable {
    /// Its name, and what it asks of a config and a command line.
    var requirements: FrameworkRequirements { get }

    /// Whether learners of different seeds differ.
    var drawsAtRandom: Bool { get }

    /// What a run reads for it.
    func inputs(_ config: Config) -> LearnerInputs

    /// Whether it can learn from these data.
    ///
    /// - Throws: `Failure` that says what it needs and how to get it.
    func check(_ options: TrainOptions, _ data: XCDataset) throws

    /// The size of the encoder on each worker; nil: it has none, or Astec's, which follows from the problem's size.
    func encoderSize(_ options: TrainOptions, _ data: XCDataset) throws -> EncoderSize?

    /// What its memory follows from beside the sizes of its data, counted on them in a few seconds; nil: nothing.
    func counts(_ data: XCDataset, _ config: Config, on device: any Device) -> DataCounts?

    /// What a learner needs: memory, messages and time.
    func costs(_ problem: LearnerProblem, rates: StepCosts) -> any LearnerCosts

    /// Trains one learner as a worker of its group, or goes on with it, and says how the test documents are scored.
    ///
    /// Results of modules are pinned checkpoints (`LearnerRun.pin`), so that a model's folder has all that `open` needs.
    func train(_ run: LearnerRun) throws -> Prediction

    /// A trained learner that scores documents it has not seen, with the very bits by which `train` scored its test documents.
    ///
    /// - Parameter group: of ranks that predict together, each for its own labels.
    /// - Throws: `Failure`: `.damagedCheckpoint` where a part of the model is damaged or missing.
    func open(_ model: TrainedModel, group: WorkerGroup) throws -> any LearnerPredictor

    /// Puts what `open` reads of a trained learner into the file that predicting ranks map, in the layouts that it is used in.
    ///
    /// `open` of a model with that file (`TrainedModel.served`) reads it instead of the checkpoints, to the same scores, bit for bit,
    /// where the layout leaves the weights as they were trained.
    ///
    /// - Throws: `Failure` where a checkpoint is damaged, the disk is full, or weights cannot be narrowed or left out so.
    func layOut(_ model: TrainedModel, into writer: inout ServingWriter) throws

    /// Whether prediction reads the training documents, which a model's folder has.
    var predictsByTrainingDocuments: Bool { get }

    /// The matrix that `extract` is asked for.
    ///
    /// - Throws: `Failure`: `.usage` where the model has none of it, `.damagedCheckpoint` where a checkpoint is damaged.
    func extract(_ extraction: Extraction, from model: TrainedModel) throws -> ExtractedMatrix

    /// What makes the document vectors that `encode` writes.
    ///
    /// - Throws: `Failure`: `.usage` where the model makes none, `.damagedCheckpoint` where a checkpoint is damaged.
    func documentVectors(_ asked: Extraction, of model: TrainedModel) throws -> any DocumentVectors

    /// What `inspect` shows of a model beside what all models have.
    func facts(of model: ModelDescription) -> [ModelFact]
}

extension Learner {
    package var name: FrameworkName { requirements.name }
    package var drawsAtRandom: Bool { true }

    package var predictsByTrainingDocuments: Bool { false }

    package func layOut(_ model: TrainedModel, into writer: inout ServingWriter) throws {
        try writer.refusePruning(name.rawValue)
        for module in try model.modules() { try writer.copy(model.checkpoint(module)) }
    }

    package func encoderSize(_ options: TrainOptions, _ data: XCDataset) throws -> EncoderSize? { nil }
    package func counts(_ data: XCDataset, _ config: Config, on device: any Device) -> DataCounts? { nil }
    package func facts(of model: ModelDescription) -> [ModelFact] { [] }
}

/// What a run reads for its learners beside the data set's features and labels, and how it reads these.
package struct LearnerInputs: Sendable, Equatable {
    /// A file of V×D token embeddings, or of words' vectors that such one is made of.
    package struct Embeddings: Sendable, Equatable {
        /// As the config names it.
        package var name: String
        /// What to type for a learner that does without; empty: nothing does.
        package var otherwise: String

        package init(name: String, otherwise: String = "") {
            self.name = name
            self.otherwise = otherwise
        }
    }

    /// Features are l2-normalised.
    package var normalize: Bool
    /// Keep documents and labels without training signal.
    package var keepInvalid: Bool
    /// Files that training starts from; none is read where documents are vectors already.
    package var embeddings: [Embeddings]
    /// The sections whose encoders start from a folder of pretrained weights.
    package var pretrained: [ConfigSection]
    /// The labels' texts are needed beside the documents.
    package var keepsLabelText: Bool

    package init(
        normalize: Bool, keepInvalid: Bool = false, embeddings: [Embeddings] = [], pretrained: [ConfigSection] = [],
        keepsLabelText: Bool = false
    ) {
        self.normalize = normalize
        self.keepInvalid = keepInvalid
        self.embeddings = embeddings
        self.pretrained = pretrained
        self.keepsLabelText = keepsLabelText
    }
}

/// A line of `inspect` about a model.
package struct ModelFact: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case text(String)
        case number(Int)
    }
    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
