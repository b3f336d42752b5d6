import DeepXMLModel
import Devices
import Support
import Training

/// The encoder of a trained learner, whole in one process: x̂ or z of any documents, with the numbers of prediction.
package final class DocumentEncoder {
    /// D of the layer.
    package let dims: Int
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
        let checkpoint = try model.checkpoint(module)
        switch module {
        case ModuleName.surrogate.name where layer == .intermediate:
            encoder = try context.encoders.encoder(
                context.config.surrogate, trainsCoarse: true, streams: context.streams(.surrogate))
            try encoder.restoreCoarse(checkpoint)
        case ModuleName.extreme.name, ModuleName.reranker.name:
            encoder = try trained.encoder(module == ModuleName.extreme.name ? .extreme : .reranker)
            try encoder.restore(checkpoint, moments: false)
        default:
            throw Failure(
                .usage, "module \"\(module)\" keeps no encoder of layer \(layer.rawValue)", at: "--module", found: module,
                expected: "\(ModuleName.extreme.name) or \(ModuleName.reranker.name)", advice: "leave --module out")
        }
        encoder.prepareForPrediction()
        dims = layer == .final ? encoder.outputDims : encoder.intermediateDims
    }

    deinit { group.team.stop() }

    /// The documents' representations, N×D.
    ///
    /// - Parameter features: N×V.
    package func encode(_ features: CSRMatrix) throws -> DenseMatrix {
        let result = DenseMatrix(rows: features.rows, cols: dims), device = encoder.device,
            part = device.paddedTensor(rows: Self.block, dims: dims)
        for from in stride(from: 0, to: features.rows, by: Self.block) {
            let docs = (from..<min(from + Self.block, features.rows)).map(Int32.init)
            let batch = DocumentBatch(features: features, docs: docs)
            switch layer {
            case .intermediate: try encoder.intermediate(batch, x: part)
            case .final: try encoder.forward(batch, step: nil, z: part)
            }
            result.row(from).update(from: device.download(part.rows(0..<docs.count)).pointer, count: docs.count * dims)
        }
        return result
    }
}

extension TrainedModel {
    /// D of what the classifiers see.
    package func classifierDims() throws -> Int {
        if arch.isAstec { return dims }
        return try arch.encoderStack(
            data: data, dims: dims, streams: RandomStreams(seed: 0, module: 1), on: CPUDevice(team: ThreadTeam(size: 1))
        ).outputDims
    }
}
