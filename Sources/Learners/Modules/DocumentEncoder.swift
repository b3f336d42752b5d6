import DeepXMLModel
import Devices
import Support
import Training

/// The encoder of a trained learner, whole in one process: x̂ or z of any documents, with the numbers of prediction.
package final class DocumentEncoder: DocumentVectors {
    /// D of the layer.
    public let dims: Int
    private let encoder: any GroupEncoder
    private let layer: Extraction.Layer
    private let group: WorkerGroup
    private static let block = 256

    /// - Parameter module: whose z it is; its x̂ comes from the module before where it has no encoder of its own.
    /// - Throws: `Failure` where the model has no such module, or a checkpoint is damaged.
    package init(
        model: TrainedModel, framework: any NetworkLearner, module: String, layer: Extraction.Layer, threads: Int
    ) throws {
        self.layer = layer
        group = try WorkerGroup.alone(threads: threads)
        let trained = try TrainedNetworks(model, framework, group: group, batchSize: Self.block), context = trained.context
        let checkpoint = try model.parameters(module)
        switch module {
        case ModuleName.surrogate.name where layer == .intermediate:
            try trained.checkSizes(checkpoint, isWhole: false)
            encoder = try context.encoders.encoder(
                context.config.surrogate, trainsCoarse: true, streams: context.streams(.surrogate))
            try encoder.restoreCoarse(checkpoint)
        case ModuleName.extreme.name, ModuleName.reranker.name:
            encoder = try trained.encoder(module == ModuleName.extreme.name ? .extreme : .reranker, checkpoint)
            try encoder.restore(checkpoint, moments: false)
        default:
            throw Failure(
                .usage, "module \"\(module)\" keeps no encoder of layer \(layer.rawValue)", at: "--module", found: module,
                expected: "\(ModuleName.extreme.name) or \(ModuleName.reranker.name)", advice: "leave --module out")
        }
        encoder.prepareForPrediction()
        dims = encoder.dims(of: layer)
    }

    deinit { group.team.stop() }

    /// The documents' representations, N×D.
    ///
    /// - Parameter features: N×V.
    public func encode(_ features: CSRMatrix) throws -> DenseMatrix {
        let result = DenseMatrix(rows: features.rows, cols: dims), docs = (0..<Int32(features.rows)).map { $0 }
        let room = group.device.paddedTensor(rows: Self.block, dims: dims)
        try ProgressScope.stage("encoding", of: docs.count, "documents") { progress in
            try encoder.forEachBatch(docs, of: features, layer, into: room) { _, place, part in
                result.rows(place).update(from: group.device.download(part).all)
                progress.advance(to: place.upperBound)
            }
        }
        return result
    }
}

extension TrainedModel {
    /// D of what the classifiers see.
    package func classifierDims() throws -> Int {
        if arch.isAstec { return dims }
        return try arch.encoderSizes(data: data, dims: dims).outputDims
    }
}
