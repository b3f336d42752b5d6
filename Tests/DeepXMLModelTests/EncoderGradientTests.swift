import DeepXMLModel
import Devices
import Support
import Testing

/// Gradients of the encoder's two parts, for the loss Σ c·out with fixed random c, against central differences.
@Suite struct EncoderGradientTests {
    let docs: [Int32] = [4, 0, 7, 2, 9, 5, 1], dims = 11, keep: Float = 0.5
    let adam = Adam.dense(learningRate: 0.01, step: 1)

    /// Which elements dropout keeps (0 or 1/keep), found by what it makes of ones.
    private func mask(_ stream: RandomStream) -> Matrix {
        let ones = cpu.tensor(rows: docs.count, cols: dims)
        cpu.fill(ones, 1)
        cpu.drop(ones, Dropout(stream: stream, keep: keep, ids: docs), relu: true)
        return Matrix(ones, cols: dims)
    }

    @Test func maskKeepsTheShareAskedFor() {
        let ids = (0..<400).map(Int32.init)
        let ones = cpu.tensor(rows: 400, cols: 50)
        for keep: Float in [0.5, 0.8] {
            cpu.fill(ones, 1)
            let stream = RandomStreams(seed: 3, module: 1).stream(.encoderDropout, step: 4)
            cpu.drop(ones, Dropout(stream: stream, keep: keep, ids: ids), relu: true)
            let kept = ones.array.filter { $0 > 0 }
            #expect(kept.allSatisfy { abs($0 - 1 / keep) < 1e-6 })
            // 20,000 draws: five standard deviations are 0.018.
            #expect(abs(Double(kept.count) / 20000 - Double(keep)) < 0.018)
        }
    }

    @Test func embeddings() {
        let vocabulary = 14
        let stream = RandomStreams(seed: 7, module: 1).stream(.encoderDropout, step: 2)
        var g = Generator(state: 5)
        let features = CSRMatrix(
            cols: vocabulary,
            rows: (0..<10).map { doc in
                // Token 13 is nowhere; the last document's repeat those of others.
                (0..<13).filter { _ in g.uniform() < 0.3 }.map { (Int32($0), g.uniform() + Float(doc) / 10) }
            })
        let shard = EmbeddingShard(vocabulary: vocabulary, columns: 0..<dims, on: cpu)
        let start = noise(rows: vocabulary, cols: dims, seed: 8)
        for token in 0..<vocabulary { shard.table.value.host.row(token).update(from: start.row(token), count: dims) }
        let mask = mask(stream)
        let c = Matrix(noise(rows: docs.count, cols: dims, seed: 9), cols: dims)

        let out = cpu.tensor(rows: docs.count, cols: dims), dx = cpu.tensor(rows: docs.count, cols: dims)
        cpu.upload(Buffer(c.values.map(Float.init)), to: dx)
        shard.forward(features, docs: docs, dropout: (stream, keep), into: out)
        cpu.dropReluBackward(dx, y: out, keep: keep)
        shard.step(features, docs: docs, gradient: dx, Adam.lazy(learningRate: 0.01, step: 1))
        let expected = gradient(at: Matrix(start, cols: dims)) { table in
            let x = encoded(table, features, mask)
            return zip(x.values, c.values).reduce(0) { $0 + $1.0 * $1.1 }
        }
        expectClose(gradientOfFirstStep(shard.table, cols: dims), expected, "∂E")
        expectClose(Matrix(out, cols: dims), encoded(Matrix(start, cols: dims), features, mask), "x̂")
        #expect((0..<dims).allSatisfy { shard.table.value.host[13, $0] == start[13, $0] }, "a token of no document has changed")
    }

    /// x̂ = mask · ReLU(Σ_t x_t E_t).
    private func encoded(_ table: Matrix, _ features: CSRMatrix, _ mask: Matrix) -> Matrix {
        var x = Matrix(rows: docs.count, cols: dims)
        for (row, doc) in docs.enumerated() {
            for (token, weight) in zip(features.columns(Int(doc)), features.weights(Int(doc))) {
                for d in 0..<dims { x[row, d] += Double(weight) * table[Int(token), d] }
            }
            for d in 0..<dims { x[row, d] = max(0, x[row, d]) * mask[row, d] }
        }
        return x
    }

    @Test func residual() {
        let stream = RandomStreams(seed: 7, module: 1).stream(.residualDropout, step: 6)
        let rows = docs.count
        let residual = Residual(dims: dims, RandomStreams(seed: 2, module: 1), on: cpu)
        let ld = paddedWidth(dims)
        let shift = noise(rows: dims, cols: dims, scale: 0.4, seed: 1)
        let offset = noise(rows: 1, cols: dims, scale: 0.3, seed: 2)
        for i in 0..<dims * ld { residual.weight.value.host.pointer[i] += shift.pointer[i] }
        residual.bias.value.host.buffer.copy(from: offset.buffer)
        let x = noise(rows: rows, cols: dims, seed: 3)
        let c = noise(rows: rows, cols: dims, seed: 4)
        let start = (R: Matrix(residual.weight.value, cols: dims), b: Matrix(offset, cols: dims), x: Matrix(x, cols: dims))

        let activation = cpu.paddedTensor(rows: rows, dims: dims), z = cpu.paddedTensor(rows: rows, dims: dims)
        let columns = 3..<dims
        let dx = cpu.tensor(rows: rows, cols: columns.count), dh = cpu.paddedTensor(rows: rows, dims: dims)
        let input = x.padded(dims: dims)
        residual.prepare(training: true)
        residual.forward(input, ids: docs, dropout: (stream, keep), activation: activation, z: z)
        let dz = c.padded(dims: dims)
        residual.activationGradient(dz, activation: activation, keep: keep, dh: dh)
        residual.inputGradient(dz, dh: dh, columns: columns, dx: dx)
        residual.weightGradient(dh, x: input, rows: 0..<dims)
        residual.finishBackward(rows: 0..<dims, adam)

        let norm = (u: residual.norm.u.array.map(Double.init), v: residual.norm.v.array.map(Double.init))
        let mask = mask(stream)
        let loss = { (R: Matrix, b: Matrix, x: Matrix) in
            let z = output(R, b, x, norm, mask)
            return (0..<rows).reduce(0.0) { sum, r in (0..<dims).reduce(sum) { $0 + z[r, $1] * Double(c[r, $1]) } }
        }
        expectClose(Matrix(z, cols: dims), output(start.R, start.b, start.x, norm, mask), "z")
        expectClose(
            gradientOfFirstStep(residual.weight, cols: dims), gradient(at: start.R) { loss($0, start.b, start.x) }, "∂R")
        expectClose(gradientOfFirstStep(residual.bias, cols: dims), gradient(at: start.b) { loss(start.R, $0, start.x) }, "∂b")
        let whole = gradient(at: start.x) { loss(start.R, start.b, $0) }
        var part = Matrix(rows: rows, cols: columns.count)
        for r in 0..<rows { for (i, d) in columns.enumerated() { part[r, i] = whole[r, d] } }
        expectClose(Matrix(dx, cols: columns.count), part, "∂x̂")
    }

    /// The passes have the same bits for any cut of ∂x̂'s columns over workers and any number of threads, and a document's
    /// z is the same wherever it stands in a batch of any size.
    @Test(arguments: [20, 64, 130, 300]) func residualDoesNotDependOnTheLayout(dims: Int) {
        let ids = (0..<255).map(Int32.init)
        let whole = ResidualPass(dims: dims, ids: ids, columns: 0..<dims, threads: 1)
        for (workers, threads) in [(1, 2), (2, 1), (3, 1), (3, 2), (8, 1), (8, 4), (dims, 1)] {
            for worker in Set([0, workers / 2, workers - 1]) {
                let columns = dims * worker / workers..<dims * (worker + 1) / workers
                let part = ResidualPass(dims: dims, ids: ids, columns: columns, threads: threads)
                #expect(part.z == whole.z && part.weight == whole.weight)
                let same = (0..<255).allSatisfy { row in
                    part.dx[row * columns.count..<(row + 1) * columns.count]
                        == whole.dx[row * dims + columns.lowerBound..<row * dims + columns.upperBound]
                }
                #expect(same, "∂x̂: worker \(worker) of \(workers), \(threads) threads")
            }
        }
        for (first, count) in [(0, 1), (3, 2), (17, 63), (100, 64), (190, 65)] {
            let part = ResidualPass(dims: dims, ids: Array(ids[first..<first + count]), columns: 0..<dims, threads: 1)
            #expect(part.z[...] == whole.z[first * dims..<(first + count) * dims], "documents \(first) ..< \(first + count)")
        }
    }

    /// z = x̂ + mask · ReLU(R x̂/σ + b), σ = uᵀ R v with u and v held fixed, as torch's `spectral_norm` holds them.
    private func output(_ R: Matrix, _ b: Matrix, _ x: Matrix, _ norm: (u: [Double], v: [Double]), _ mask: Matrix) -> Matrix {
        var sigma = 0.0
        for i in 0..<dims { for j in 0..<dims { sigma += norm.u[i] * R[i, j] * norm.v[j] } }
        var z = x
        for r in 0..<x.rows {
            for i in 0..<dims {
                let h = (0..<dims).reduce(b[0, i]) { $0 + R[i, $1] * x[r, $1] / sigma }
                z[r, i] += max(0, h) * mask[r, i]
            }
        }
        return z
    }

    /// The power iteration finds the largest singular value: R̄'s norm is 1.
    @Test func spectralNormConverges() {
        let norm = SpectralNorm(dims: dims, RandomStreams(seed: 5, module: 1), on: cpu)
        let R = noise(rows: dims, cols: dims, seed: 6), matrix = R.padded(dims: dims)
        for _ in 0..<500 { norm.update(matrix, iterates: true) }
        norm.update(matrix, iterates: false)
        let sigma = Double(norm.sigma.array[0])
        // RᵀR v = σ² v.
        let v = norm.v.array.map(Double.init)
        let Rv = (0..<dims).map { i in (0..<dims).reduce(0) { $0 + Double(R[i, $1]) * v[$1] } }
        let back = (0..<dims).map { j in (0..<dims).reduce(0) { $0 + Double(R[$1, j]) * Rv[$1] } }
        #expect(zip(back, v).allSatisfy { abs($0 - sigma * sigma * $1) < 1e-4 })
        // No other direction is longer.
        var g = Generator(state: 1)
        for _ in 0..<200 {
            let y = (0..<dims).map { _ in Double(g.uniform()) - 0.5 }
            let length = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let Ry = (0..<dims).map { i in (0..<dims).reduce(0) { $0 + Double(R[i, $1]) * y[$1] } }
            #expect(Ry.reduce(0) { $0 + $1 * $1 }.squareRoot() <= sigma * length * 1.00001)
        }
    }
}
