import Devices
import Foundation
import Support

/// Weights of a transformer that was trained before, by the names of `TransformerShape`.
extension EncoderStack {
    /// Takes the weights of all layers of its transformer; words' embeddings are not part of a stack.
    ///
    /// Where the weights have more positions or types than the stack, it takes the first.
    /// - Parameters:
    ///   - shape: the sizes of the weights.
    ///   - place: where they come from, for messages.
    ///   - read: the weights of a canonical name, outputs × inputs.
    /// - Throws: `Failure` where the stack has no transformer, or one of other sizes; what `read` throws.
    public func load(_ shape: TransformerShape, from place: String, read: (String) throws -> DenseMatrix) throws {
        try check(shape, from: place)
        for slot in slots {
            guard let name = slot.canonicalName else { continue }
            if name == "embeddings.type" && shape.types == 0 {
                device.fill(parameters.value.matrix(slot), 0)
                continue
            }
            let parts = try Self.sources(name).map(read), values = Buffer<Float>(count: slot.range.count)
            var place = 0
            for part in parts {
                let count = min(part.buffer.count, values.count - place)
                values[place..<place + count].update(from: part.buffer[0..<count])
                place += count
            }
            precondition(place == values.count, "weights of another shape than their names say")
            device.upload(values, to: parameters.value.matrix(slot))
        }
        prepare(training: false)
    }

    /// A slot that holds several matrices one below the other: queries, keys and values are one product.
    private static func sources(_ name: String) -> [String] {
        guard let range = name.range(of: ".projection.") else { return [name] }
        return ["query", "key", "value"].map { name.replacingCharacters(in: range, with: ".\($0).") }
    }

    /// - Throws: `Failure` where weights of this shape are not for this stack.
    public func check(_ shape: TransformerShape, from place: String) throws {
        guard let own = transformer else {
            throw Failure(
                .usage, "weights of a transformer for an architecture without one", at: place, found: "another architecture",
                expected: "a transformer first in transform_coarse.order", advice: "give --arch MiniLM, or Transformer")
        }
        let sizes: [(name: String, own: Int, found: Int)] = [
            ("hidden_size", own.hidden, shape.hidden), ("num_layers", own.layers, shape.layers),
            ("num_heads", own.heads, shape.heads), ("intermediate_size", own.intermediate, shape.intermediate),
        ]
        for size in sizes where size.own != size.found {
            throw Self.mismatch(size.name, own: "\(size.own)", found: "\(size.found)", place)
        }
        guard own.positions <= shape.positions else {
            throw Self.mismatch("positions", own: "at most \(shape.positions)", found: "\(own.positions)", place)
        }
        guard abs(own.epsilon - shape.epsilon) <= 0.01 * shape.epsilon else {
            throw Self.mismatch("eps", own: "\(own.epsilon)", found: "\(shape.epsilon)", place)
        }
        guard shape.activation == .gelu else {
            throw Failure(
                .usage, "weights for an activation that the encoder does not have", at: place, found: shape.activation.rawValue,
                expected: TransformerShape.Activation.gelu.rawValue)
        }
    }

    private static func mismatch(_ name: String, own: String, found: String, _ place: String) -> Failure {
        Failure(
            .usage, "the weights are of another size than the arch file says", at: place, found: "\(name) \(found)",
            expected: "\(name) \(own), as in the arch file",
            advice: "write an arch file like configs/arch/MiniLM.json with the sizes of the weights, and give it by --arch; "
                + "global.embedding_dims is its hidden_size")
    }
}

extension ParameterSlot {
    /// The name within a transformer: `layers.0.feedforward.in.weight`; nil for other layers' parameters.
    fileprivate var canonicalName: String? {
        name.range(of: ".transformer.").map { String(name[$0.upperBound...]) }
    }
}
