import Checkpoint
import DeepXMLModel
import Devices
import Formats
import Support

/// A network's parameters and moments as arrays of a checkpoint: the encoder's, and rows of W.
extension Network {
    /// Collective.
    package func storedArrays(moments: Bool = true) throws -> [StoredArray] {
        let rows = Placement.rows(start: classifier.labels.lowerBound, total: labelShards.labels)
        return try encoder.storedArrays(moments: moments)
            + classifier.weight.stored("classifier.weight", rows, moments: moments, on: group.device)
            + classifier.bias.stored("classifier.bias", rows, moments: moments, on: group.device)
    }

    /// Takes its part of the arrays of a checkpoint, which may come from another number of workers.
    package func restore(_ reader: CheckpointReader, moments: Bool = true) throws {
        try encoder.restore(reader, moments: moments)
        try classifier.weight.restore("classifier.weight", of: reader, moments: moments, on: group.device) {
            try reader.rows($0, classifier.labels)
        }
        try classifier.bias.restore("classifier.bias", of: reader, moments: moments, on: group.device) {
            try reader.rows($0, classifier.labels)
        }
    }
}

extension Parameter {
    package func stored(_ name: String, _ placement: Placement, moments: Bool, on device: any Device) -> [StoredArray] {
        let tensors = moments ? [(name, value), (name + ".m", firstMoment), (name + ".v", secondMoment)] : [(name, value)]
        return tensors.map { StoredArray($0, device.matrix($1), placement) }
    }

    /// - Parameter read: an array of `reader`, by its name, as far as it is this worker's.
    /// - Throws: `Failure` where an array is missing, or has another size.
    package func restore(
        _ name: String, of reader: CheckpointReader, moments: Bool, on device: any Device, read: (String) throws -> Buffer<Float>
    ) throws {
        try device.upload(name, of: reader, to: value, read)
        guard moments else { return }
        try device.upload(name + ".m", of: reader, to: firstMoment, read)
        try device.upload(name + ".v", of: reader, to: secondMoment, read)
    }
}

extension Device {
    /// Copies what `read` gives of an array of `reader`, where it has as many elements as the tensor.
    ///
    /// - Throws: `Failure` where it is missing, or has another size.
    package func upload(
        _ name: String, of reader: CheckpointReader, to tensor: Tensor, _ read: (String) throws -> Buffer<Float>
    ) throws {
        let values = try read(name)
        guard values.count == tensor.rows * tensor.cols else {
            throw reader.otherSize(
                name, found: "\(values.count) numbers", expected: "\(tensor.rows * tensor.cols), for \(tensor.rows) rows")
        }
        upload(values, to: tensor)
    }
}
