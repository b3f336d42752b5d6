import Devices
import Foundation

/// What the backward pass of one block wants to know of its forward pass; used again for the next step, it allocates nothing.
///
/// One thread at a time. Keep one a block.
public final class EncoderTape: @unchecked Sendable {
    let plan = BlockPlan()
    /// Each layer's input in the last forward pass.
    var inputs: [Tensor?] = []
    var step: Int?
    /// Between two runs of a backward pass: the gradient of what the upper one has read.
    var gradient: Tensor?
    private let device: any Device
    private var layers: [LayerTape] = []

    public init(on device: any Device) { self.device = device }

    /// The tape of one layer; after the layers', one for the pass itself.
    func layer(_ number: Int) -> LayerTape {
        while layers.count <= number { layers.append(LayerTape(on: device)) }
        return layers[number]
    }
}

/// Memory of one layer for one block, by number; it grows and is kept.
final class LayerTape {
    private let device: any Device
    private var memories: [DeviceMemory?] = []

    init(on device: any Device) { self.device = device }

    /// rows×dims: zeros at first, then what was left there. The stride of one number must not change, so that padding stays
    /// zero.
    ///
    /// - Parameter padded: rows are padded to whole vectors.
    func tensor(_ number: Int, rows: Int, dims: Int, padded: Bool = true) -> Tensor {
        let stride = padded ? paddedWidth(dims) : dims, count = rows * stride
        while memories.count <= number { memories.append(nil) }
        if let memory = memories[number], memory.count >= count {
            return Tensor(memory, rows: rows, cols: dims, stride: stride)
        }
        let memory = device.memory(floats: count + count / 4)
        memories[number] = memory
        return Tensor(memory, rows: rows, cols: dims, stride: stride)
    }
}

/// Memory that layers work in one after the other, which nobody needs between their passes: as many tapes as passes run at a time.
final class InnerMemory: @unchecked Sendable {
    private let device: any Device
    private let lock = NSLock()
    private var free: [LayerTape] = []

    init(on device: any Device) { self.device = device }

    func lent<Result>(_ body: (LayerTape) -> Result) -> Result {
        let tape = lock.withLock { free.popLast() } ?? LayerTape(on: device)
        defer { lock.withLock { free.append(tape) } }
        return body(tape)
    }
}
