import Kernels

extension CPUDevice {
    public func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, eps: Float, inverse: Tensor, into y: Tensor) {
        x.expectShape(of: y)
        precondition(weight.cols == x.cols && bias.cols == x.cols && inverse.isContiguous)
        precondition(inverse.rows * inverse.cols >= x.rows)
        dx_layer_norm(
            x.pointer, x.rows, x.cols, x.stride, eps, weight.pointer, bias.pointer, inverse.pointer, y.pointer, y.stride)
    }

    public func layerNormBackward(_ g: Tensor, standard: Tensor, weight: Tensor, inverse: Tensor) {
        g.expectShape(of: standard)
        precondition(weight.cols == g.cols && inverse.isContiguous && inverse.rows * inverse.cols >= g.rows)
        dx_layer_norm_backward(
            g.pointer, g.stride, standard.pointer, standard.stride, g.rows, g.cols, weight.pointer, inverse.pointer)
    }

    public func addBiasGelu(_ bias: Tensor, to x: Tensor, into y: Tensor) {
        x.expectShape(of: y)
        precondition(bias.cols == x.cols)
        dx_bias_gelu(x.pointer, x.rows, x.cols, x.stride, bias.pointer, y.pointer, y.stride)
    }

    public func geluBackward(_ g: Tensor, x: Tensor) {
        g.expectShape(of: x)
        dx_gelu_backward(g.pointer, g.stride, x.pointer, x.stride, g.rows, g.cols)
    }

    public func attention(_ projections: Tensor, _ attention: Attention, into y: Tensor) {
        attention.check(projections, y)
        let heads = attention.kernel(width: y.cols)
        attention.forEachDocument(dims: heads.dims) { id, from, length, workspace in
            dx_attention(
                projections.row(from), projections.stride, length, id, heads, y.row(from), y.stride, workspace)
        }
    }

    public func attentionBackward(_ g: Tensor, _ attention: Attention, projections: Tensor) {
        attention.check(projections, g)
        let heads = attention.kernel(width: g.cols)
        attention.forEachDocument(dims: heads.dims) { id, from, length, workspace in
            dx_attention_backward(
                g.row(from), g.stride, projections.row(from), projections.stride, length, id, heads, workspace)
        }
    }

    public func addRows(of table: Tensor, _ rows: [Int32], to x: Tensor) {
        precondition(rows.count == x.rows && table.cols == x.cols)
        for (to, from) in rows.enumerated() { dx_add(x.row(to), table.row(Int(from)), x.cols) }
    }

    public func sumRows(_ g: Tensor, into table: Tensor, _ rows: [Int32]) {
        precondition(rows.count == g.rows && table.cols == g.cols)
        for (from, to) in rows.enumerated() { dx_add(table.row(Int(to)), g.row(from), g.cols) }
    }
}

extension Attention {
    fileprivate func check(_ projections: Tensor, _ y: Tensor) {
        precondition(projections.rows == y.rows && projections.cols == 3 * y.cols && y.cols % heads == 0)
        precondition(Int(starts[ids.count]) <= y.rows)
    }

    fileprivate func kernel(width: Int) -> dx_attention_heads {
        dx_attention_heads(
            heads: heads, dims: width / heads, span: (longest + 127) / 128 * 128, keep: dropout?.keep ?? 1,
            stream: dropout?.stream.kernel ?? dx_stream())
    }

    /// Calls `body` with each document that has vectors: its number, its first vector, how many there are, and room to work in.
    fileprivate func forEachDocument(
        dims: Int, _ body: (_ id: Int32, _ from: Int, _ length: Int, _ workspace: UnsafeMutablePointer<Float>) -> Void
    ) {
        let lengths = zip(starts, starts.dropFirst()).map { Int($1 - $0) }, most = lengths.max() ?? 0
        precondition(most <= longest, "a document that is too long")
        guard most > 0 else { return }
        let bytes = dx_attention_workspace(most, dims) * MemoryLayout<Float>.stride
        withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { workspace in
            let workspace = workspace.baseAddress!.assumingMemoryBound(to: Float.self)
            for (row, length) in lengths.enumerated() where length > 0 { body(ids[row], Int(starts[row]), length, workspace) }
        }
    }
}
