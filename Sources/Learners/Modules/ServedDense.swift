import Checkpoint
import Devices
import Support

// Dense classifiers of all labels in the file that ranks map.
extension ServingWriter {
    /// Lays out a module's classifiers for products with many documents.
    ///
    /// - Parameter dims: D of the classifiers.
    mutating func pack(_ reader: CheckpointReader, dims: Int) throws {
        let names = PackedNames(reader.key.module), ld = try reader.extent("classifier.weight").cols
        let wide = device.packed(
            weights: try reader.replicated("classifier.weight"), ld: ld, dims: dims,
            biases: try reader.replicated("classifier.bias"))
        let packed = layout.weights.map { device.narrowed(wide, to: $0) } ?? wide
        let type: ArrayType =
            switch packed.weights {
            case nil: .float32
            case .bfloat16: .bfloat16
            case .int8: .int8
            }
        try file.write(names.numbers, packed.numbers, type, cols: dims)
        try file.write(names.scales, packed.scales, .float32)
        try file.write(names.biases, packed.biases, .float32)
    }
}

/// What the arrays of packed classifiers are called.
private struct PackedNames {
    let numbers, scales, biases: String

    init(_ module: String) {
        (numbers, scales, biases) = ("\(module)/packed", "\(module)/packed.scale", "\(module)/packed.bias")
    }
}

extension TrainedModel {
    /// The classifiers of a module as views of the mapped file; nil where it does not have them so.
    func packedClassifier(_ module: String) throws -> PackedClassifier? {
        let names = PackedNames(module)
        guard let served, let type = served.type(names.numbers), let extent = served.extent(names.numbers) else { return nil }
        let numbers: Buffer<UInt8>, weights: NarrowWeights?
        switch type {
        case .bfloat16: (numbers, weights) = (try served.array(names.numbers, as: UInt16.self).asBytes, .bfloat16)
        case .int8: (numbers, weights) = (try served.array(names.numbers), .int8)
        default: (numbers, weights) = (try served.array(names.numbers, as: Float.self).asBytes, nil)
        }
        return PackedClassifier(
            dims: extent.cols, weights: weights, numbers: numbers, scales: try served.array(names.scales),
            biases: try served.array(names.biases))
    }
}
