import Config
import Formats
import Foundation
import Learners
import WorkerChecks

/// Small learners of every kind, each trained once a process by two workers.
enum TrainedLearner: String, CaseIterable, Sendable {
    case deepXML, labelText, graphs, movingShortlists, oneVsAll, rerankedOneVsAll, fixedEncoder, fixedLayers, layers, slice,
        sliceGraphs,
        sliceDense, dismec,
        sparseSlice

    private static let folder = FileManager.default.temporaryDirectory.appendingPathComponent("predict-test-\(UUID())").path
    private static let trained: [TrainedLearner: Result<LearnerJob, any Error>] = {
        atexit { try? FileManager.default.removeItem(atPath: TrainedLearner.folder) }
        return Dictionary(uniqueKeysWithValues: allCases.map { kind in (kind, Result { try kind.train() }) })
    }()

    func job() throws -> LearnerJob { try Self.trained[self]!.get() }
    func model() throws -> String { try job().options.modelFolder(seed: LearnerJob.seed) }
    func features() throws -> String { "\(try job().options.datasetFolder)/tst_X_Xf.\(self == .sliceDense ? "npy" : "txt")" }
    func score(_ name: String) throws -> String { "\(try job().options.resultFolder(seed: LearnerJob.seed))/score.\(name)" }

    private var settings: [String] {
        switch self {
        case .labelText:
            ["surrogate", "extreme", "reranker"].map { "\($0).normalize=true" } + [
                "global.label_text_documents=true", "extreme.label_text_classifiers=true", "extreme.label_text_centroids=true",
            ]
        case .deepXML: ["surrogate", "extreme", "reranker"].map { "\($0).normalize=true" }
        // So few links that graphs are quicker than looking at all vectors.
        case .graphs: ["extreme.M=2", "extreme.efC=1", "extreme.efS=16"]
        case .sliceGraphs: ["slice.M=2", "slice.efC=1", "slice.efS=16"]
        case .movingShortlists, .oneVsAll, .rerankedOneVsAll, .fixedEncoder, .fixedLayers, .layers, .slice, .sliceDense, .dismec,
            .sparseSlice:
            []
        }
    }

    private var framework: FrameworkName {
        switch self {
        case .deepXML, .labelText, .graphs, .layers: .deepXML
        case .movingShortlists: .anns
        case .oneVsAll, .rerankedOneVsAll, .fixedEncoder, .fixedLayers: .ova
        case .slice, .sliceGraphs, .sliceDense: .slice
        case .dismec: .dismec
        case .sparseSlice: .sparseSlice
        }
    }

    private static let stackOfLayers = """
        {"transform_coarse": {"order": ["astec", "linear", "relu"], "astec": {"reduction": "mean"}, "relu": {},
          "linear": {"input_size": 20, "output_size": 12}},
         "transform_fine": {"order": ["linear"], "linear": {"input_size": 12, "output_size": 15}}}
        """

    private func train() throws -> LearnerJob {
        let features: SampleData.Features = self == .sliceDense ? .dense(21) : .sparse
        var data = SampleData(testDocuments: 61, features: features)
        data.hasLabelText = self == .labelText
        var job = try LearnerJob(
            folder: "\(Self.folder)/\(rawValue)", data: data,
            framework: [.slice, .dismec, .sparseSlice].contains(framework) ? framework : .deepXML, settings: settings)
        job.options.framework = framework
        job.options.predictions = PredictionFormat.allCases
        if self == .layers || self == .fixedLayers {
            job.options.arch = "Layers"
            job.options.archDefinition = try Arch.parse(
                data: Self.stackOfLayers.utf8, name: "layers", arguments: job.options.config)
            job.options.astec = nil
        }
        if framework == .anns || framework == .ova {
            job.options.config.extreme.encoder.start = .random
            job.options.config.extreme.encoder.isFrozen = self == .fixedEncoder || self == .fixedLayers
            job.options.config.extreme.shortlist.usesIntermediate = false
            job.options.config.global.useReranker = self == .rerankedOneVsAll
            if framework == .ova { job.options.config.extreme.classifier.method = .full }
        }
        guard try job.run(workers: 2) == 0 else { throw CocoaError(.fileReadUnknown) }
        return job
    }
}
