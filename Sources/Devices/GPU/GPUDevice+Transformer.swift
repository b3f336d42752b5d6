extension GPUDevice {
    public func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, eps: Float, inverse: Tensor, into y: Tensor) {
        x.expectShape(of: y)
        precondition(weight.cols == x.cols && bias.cols == x.cols && !inverse.hasGaps)
        precondition(inverse.rows * inverse.cols >= x.rows)
        if x.rows == 0 { return }
        run("layer_norm", in: .norms, groups: Lanes.groups(x.rows), items: Lanes.items) {
            x.arguments + [.long(x.rows), .long(x.cols), .float(eps)] + weight.vector + bias.vector + inverse.vector + y.arguments
        }
    }

    public func layerNormBackward(_ g: Tensor, standard: Tensor, weight: Tensor, inverse: Tensor) {
        g.expectShape(of: standard)
        precondition(weight.cols == g.cols && !inverse.hasGaps && inverse.rows * inverse.cols >= g.rows)
        if g.rows == 0 { return }
        run("layer_norm_backward", in: .norms, groups: Lanes.groups(g.rows), items: Lanes.items) {
            g.arguments + standard.arguments + [.long(g.rows), .long(g.cols)] + weight.vector + inverse.vector
        }
    }

    public func addBiasGelu(_ bias: Tensor, to x: Tensor, into y: Tensor) {
        x.expectShape(of: y)
        precondition(bias.cols == x.cols)
        run("bias_gelu", in: .transformer, rows: x.rows, cols: x.cols) {
            x.arguments + [.long(x.rows), .long(x.cols)] + bias.vector + y.arguments
        }
    }

    public func geluBackward(_ g: Tensor, x: Tensor) {
        g.expectShape(of: x)
        run("gelu_backward", in: .transformer, rows: g.rows, cols: g.cols) {
            g.arguments + x.arguments + [.long(g.rows), .long(g.cols)]
        }
    }
}
