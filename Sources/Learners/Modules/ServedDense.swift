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
    ///
    /// - Parameter dims: D of what they score.
    /// - Throws: `Failure(.usage)` where an array has another size than they have.
    func packedClassifier(_ module: String, dims: Int) throws -> PackedClassifier? {
        let names = PackedNames(module)
        guard let served, let type = served.type(names.numbers), let extent = served.extent(names.numbers) else { return nil }
        let numbers: Buffer<UInt8>, weights: NarrowWeights?
        switch type {
        case .bfloat16: (numbers, weights) = (try served.array(names.numbers, as: UInt16.self).asBytes, .bfloat16)
        case .int8: (numbers, weights) = (try served.array(names.numbers), .int8)
        default: (numbers, weights) = (try served.array(names.numbers, as: Float.self).asBytes, nil)
        }
        let scales: Buffer<Float> = try served.array(names.scales), biases: Buffer<Float> = try served.array(names.biases)
        let checks = RangeChecks(of: served.path), padded = PackedClassifier.paddedLabels(data.labelCount)
        try checks.count(biases.count, of: names.biases, is: data.labelCount)
        try checks.count(extent.cols, of: "\(names.numbers), a row", is: dims)
        try checks.count(numbers.count, of: "\(names.numbers), bytes", is: padded * dims * (weights?.width ?? 4))
        try checks.count(scales.count, of: names.scales, is: weights == .int8 ? padded : 0)
        return PackedClassifier(dims: dims, weights: weights, numbers: numbers, scales: scales, biases: biases)
    }
}
