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
        try classifier.weight.restore("classifier.weight", moments: moments, on: group.device) {
            try reader.rows($0, classifier.labels)
        }
        try classifier.bias.restore("classifier.bias", moments: moments, on: group.device) {
            try reader.rows($0, classifier.labels)
        }
    }
}

extension Parameter {
    package func stored(_ name: String, _ placement: Placement, moments: Bool, on device: any Device) -> [StoredArray] {
        let tensors = moments ? [(name, value), (name + ".m", firstMoment), (name + ".v", secondMoment)] : [(name, value)]
        return tensors.map { StoredArray($0, device.matrix($1), placement) }
    }

    package func restore(_ name: String, moments: Bool, on device: any Device, read: (String) throws -> Buffer<Float>) throws {
        device.upload(try read(name), to: value)
        guard moments else { return }
        device.upload(try read(name + ".m"), to: firstMoment)
        device.upload(try read(name + ".v"), to: secondMoment)
    }
}
