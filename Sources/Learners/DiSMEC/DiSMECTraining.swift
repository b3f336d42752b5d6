import Config
import DeepXMLModel
import Support
import Training

/// Trains the labels' classifiers on all documents each (`BlockTraining`).
struct DiSMECTraining {
    private let run: LearnerRun
    private let settings: DiSMECSettings

    init(_ run: LearnerRun) {
        self.run = run
        settings = run.config[DiSMECSettings.self]
    }

    /// The classifiers of this worker's labels: as stored, or trained first.
    ///
    /// - Throws: `Interrupted` where a rank was asked to stop, with all blocks stored that were done.
    func classifier() throws -> SparseClassifier {
        let positives = run.data.trainDocuments, documents = run.data.trainFeatures.rows
        let entries = Double(run.data.trainFeatures.nonZeros) / Double(max(1, documents))
        // Every label costs passes over all documents, and some time for each of its own.
        let training = BlockTraining(run, blockSize: settings.blockSize, accuracyKey: "dismec.epsilon") { label in
            DiSMECCosts.seconds(documents: documents, entriesOfPositives: Double(positives.range(label).count) * entries)
        }
        return try training.classifier { dealt in
            if dealt[run.group.rank].isEmpty { return { _, _ in nil } }
            let solver = LinearTraining(
                documents: run.data.trainFeatures, positives: positives, settings: settings.solver, on: run.group.device)
            return { labels, isStopped in solver.classifiers(of: labels, isStopped: isStopped) }
        }
    }
}
