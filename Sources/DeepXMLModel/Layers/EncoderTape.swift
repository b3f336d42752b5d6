import Support

/// What the backward pass of one block wants to know of its forward pass; used again for the next step, it allocates nothing.
///
/// One thread at a time. Keep one a block.
public final class EncoderTape: @unchecked Sendable {
    let plan = BlockPlan()
    /// Each layer's input in the last forward pass.
    var inputs: [UnsafePointer<Float>?] = []
    var step: Int?
    private var layers: [LayerTape] = []

    public init() {}

    /// The tape of one layer; after the layers', one for the pass itself.
    func layer(_ number: Int) -> LayerTape {
        while layers.count <= number { layers.append(LayerTape()) }
        return layers[number]
    }
}

/// Memory of one layer for one block, by number; it grows and is kept.
final class LayerTape {
    private var floats: [Buffer<Float>?] = []
    private var integers: [Buffer<Int32>?] = []

    /// Room for `count` floats: zeros at first, then what was left there. The distance between rows must not change, so that
    /// their padding stays zero.
    func floats(_ number: Int, _ count: Int) -> UnsafeMutablePointer<Float> { Self.room(&floats, number, count).pointer }

    func integers(_ number: Int, _ count: Int) -> UnsafeMutablePointer<Int32> { Self.room(&integers, number, count).pointer }

    private static func room<Element>(_ buffers: inout [Buffer<Element>?], _ number: Int, _ count: Int) -> Buffer<Element> {
        while buffers.count <= number { buffers.append(nil) }
        if let buffer = buffers[number], buffer.count >= count { return buffer }
        let buffer = Buffer<Element>(count: count + count / 4)
        buffers[number] = buffer
        return buffer
    }
}
