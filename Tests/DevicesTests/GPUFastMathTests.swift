import Devices
import Foundation
import Support
import Testing

extension GPUTests {
    /// `--fast-math`: on tensor cores, products of numbers rounded to bfloat16 with sums in float32; on all other devices the CPU's bits. By
    /// the library of products where there is one, and by our own kernels, which is what a library that refuses everything leaves.
    @Suite(.serialized) struct GPUFastMathTests {
        private static let ways = ["0", "1"]
        private let cpu = Both.cpu

        /// A device of its own, with plans of its own.
        private func opened(refuses way: String) throws -> GPUDevice? {
            guard Both.gpu != nil else { return nil }
            setenv("STANDIN_CUBLASLT_REFUSE", way, 1)
            guard let device = GPUs.visible(.gpu, fastMath: true).devices.first else { return nil }
            let opened = try GPUs.open(device.withFastMath, team: ThreadTeam(size: 1))
            #expect(opened.usesTensorCores == device.hasTensorCores)
            return opened
        }

        /// Numbers in −1 ..< 1, in a matrix with padding and other rows before it.
        private func matrix(_ device: any Device, _ rows: Int, _ cols: Int, _ seed: UInt32) -> Tensor {
            let whole = device.tensor(rows: rows + 2, cols: cols + 5)
            device.fillUniform(
                whole, RandomStream(key0: seed, key1: 1, purpose: 0, step: 0), firstRow: 0, firstColumn: 0, bound: 1)
            return whole.rows(1..<rows + 1).columns(Int(seed) % 4..<cols + Int(seed) % 4)
        }

        /// The three products, and a prepared operand's, of m×k and k×n.
        private func products(_ device: any Device, _ m: Int, _ n: Int, _ k: Int) -> [Tensor] {
            let a = matrix(device, m, k, 1), b = matrix(device, k, n, 2), aᵀ = matrix(device, k, m, 3),
                bᵀ = matrix(device, n, k, 4)
            let made = (0..<5).map { matrix(device, m, n, UInt32(5 + $0)) }
            device.multiply(a, b, into: made[0], accumulate: false)
            device.multiply(a, b, into: made[1], accumulate: true)
            device.multiply(a, transposed: bᵀ, into: made[2])
            device.multiply(transposed: aᵀ, b, into: made[3])
            let prepared = device.preparedMatrix(inner: k, cols: n)
            device.prepare(prepared, from: bᵀ, transposed: true)
            device.multiply(a, prepared, into: made[4], accumulate: false)
            return made
        }

        /// Of the numbers as bfloat16 has them, in float64: each product, and the sum of its parts' sizes.
        private func expected(_ m: Int, _ n: Int, _ k: Int) -> [(value: [Double], size: [Double])] {
            func rounded(_ rows: Int, _ cols: Int, _ seed: UInt32) -> [Double] {
                cpu.download(matrix(cpu, rows, cols, seed)).array.map { Double(Self.bfloat($0)) }
            }
            let a = rounded(m, k, 1), b = rounded(k, n, 2), aᵀ = rounded(k, m, 3), bᵀ = rounded(n, k, 4)
            let own = cpu.download(matrix(cpu, m, n, 6)).array.map(Double.init)
            func product(_ x: (Int, Int) -> Double, _ y: (Int, Int) -> Double, _ first: [Double]?) -> ([Double], [Double]) {
                var values: [Double] = [], sizes: [Double] = []
                for i in 0..<m {
                    for j in 0..<n {
                        let parts = (0..<k).map { x(i, $0) * y($0, j) } + (first.map { [$0[i * n + j]] } ?? [])
                        values.append(parts.reduce(0, +))
                        sizes.append(parts.reduce(0) { $0 + abs($1) })
                    }
                }
                return (values, sizes)
            }
            let left = { (i: Int, d: Int) in a[i * k + d] }, right = { (d: Int, j: Int) in b[d * n + j] }
            let turned = { (d: Int, j: Int) in bᵀ[j * k + d] }
            return [
                product(left, right, nil), product(left, right, own), product(left, turned, nil),
                product({ aᵀ[$1 * m + $0] }, right, nil), product(left, turned, nil),
            ]
        }

        /// To the nearest, ties to even.
        private static func bfloat(_ x: Float) -> Float {
            Float(bitPattern: (x.bitPattern + 0x7FFF + (x.bitPattern >> 16 & 1)) & 0xFFFF_0000)
        }

        @Test(arguments: ways) func productsOfRoundedNumbers(_ way: String) throws {
            guard let device = try opened(refuses: way) else { return }
            for (m, n, k) in [(5, 70, 33), (130, 140, 17), (128, 128, 32), (1, 1, 1), (40, 129, 100), (7, 3, 16), (40, 1, 257)] {
                let found = products(device, m, n, k).map { device.download($0).array }
                try device.finish()
                guard device.usesTensorCores else {
                    #expect(found == products(cpu, m, n, k).map { cpu.download($0).array }, "\(m)×\(n)×\(k)")
                    continue
                }
                for (number, (own, wanted)) in zip(found, expected(m, n, k)).enumerated() {
                    let most = zip(own, zip(wanted.value, wanted.size)).map { abs(Double($0) - $1.0) / $1.1 }.max() ?? 0
                    #expect(most < 1e-6, "product \(number) of \(m)×\(n)×\(k): \(most)")
                }
            }
        }

        /// What surrounds the matrices is not touched, nor anything where there is nothing to sum.
        @Test(arguments: ways) func onlyTheProduct(_ way: String) throws {
            guard let device = try opened(refuses: way) else { return }
            let c = device.tensor(rows: 12, cols: 20), a = matrix(device, 8, 30, 1), b = matrix(device, 30, 9, 2)
            device.fill(c, 7)
            device.multiply(a, b, into: c.rows(2..<10).columns(5..<14), accumulate: false)
            device.multiply(a.rows(0..<1).columns(0..<0), b.rows(0..<0), into: c.rows(2..<3).columns(5..<14), accumulate: false)
            let found = device.download(c).array
            for (place, value) in found.enumerated() {
                let (row, col) = (place / 20, place % 20), isInside = (2..<10).contains(row) && (5..<14).contains(col)
                #expect(row == 2 && isInside ? value == 0 : isInside ? abs(value) < 30 && value != 7 : value == 7)
            }
        }

        /// Its rate is such that moves show beside the weights.
        private static let sgd = OptimiserStep(kind: .sgd, beta1: 0.9, beta2: 0, epsilon: 0, rate: 10, inverseRoot: 1)

        /// A step on four leaves of labels, by SGD.
        private func step(
            _ device: any Device, _ loss: ClassifierLossKind, _ precision: ClassifierPrecision
        ) -> (dz: [Float], moved: [Float], losses: [Double]) {
            let labels = 300, batch = 20, dims = 40, stream = RandomStream(key0: 1, key1: 2, purpose: 3, step: 0)
            let shard = ClassifierShard(labels: 10..<10 + labels, dims: dims, hasBias: true, on: device)
            device.fillUniform(shard.weight.value.columns(0..<dims), stream, firstRow: 0, firstColumn: 0, bound: 0.5)
            device.fillUniform(shard.bias.value, stream, firstRow: 0, firstColumn: 9, bound: 0.5)
            let before = device.download(shard.weight.value).array
            var rows: [[(Int32, Float)]] = []
            for row in 0..<batch {
                let own: [Int] = (0..<4).map { place in (row * 37 + place * 71) % 320 }
                rows.append(own.sorted().map { label in (Int32(label), Float(1)) })
            }
            let task = ClassifierTask(
                classifier: shard, leaves: [0..<40, 40..<40, 40..<170, 170..<300],
                truth: CSRMatrix(cols: 320, rows: rows, binary: true),
                batchSize: batch, loss: loss)
            func documents() -> Tensor {
                Tensor(device.memory(floats: batch * shard.ld), rows: batch, cols: dims, stride: shard.ld)
            }
            let z = documents(), dz = documents(), operation = device.oneVsAll(task, precision: precision)
            device.fillUniform(z, stream, firstRow: 0, firstColumn: 100, bound: 2)
            operation.prepare(docs: (0..<batch).map(Int32.init), stream: stream)
            let losses = operation.run(0..<4, z: z, step: Self.sgd, dz: dz).values()
            let moved = zip(device.download(shard.weight.value).array, before).map { $0 - $1 }
            return (device.download(dz).array, moved, losses)
        }

        /// The distance of two arrays, by the second's length.
        private func distance(_ a: [Float], _ b: [Float]) -> Double {
            let apart = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            return (apart / b.reduce(0) { $0 + Double($1) * Double($1) }).squareRoot()
        }

        /// The kernels whose tiles end in something else than a product: near the CPU's, and the same each time.
        @Test(arguments: ClassifierLossKind.allCases) func oneVsAll(_ loss: ClassifierLossKind) throws {
            guard let device = try opened(refuses: "0") else { return }
            for precision in [ClassifierPrecision.float32, .bfloat16] {
                let exact = step(cpu, loss, precision), fast = step(device, loss, precision),
                    again = step(device, loss, precision)
                try device.finish()
                #expect(fast.dz == again.dz && fast.moved == again.moved && fast.losses == again.losses)
                let near = { (own: Double, wanted: Double) in abs(own - wanted) <= 5e-3 * abs(wanted) }
                #expect(zip(fast.losses, exact.losses).allSatisfy(near), "\(fast.losses) \(exact.losses)")
                // A margin near 1 falls to one side or the other, and the hinge's slope with it.
                let most = loss == .hinge ? 5e-2 : 1e-2
                for (name, own, wanted) in [("∂z", fast.dz, exact.dz), ("W", fast.moved, exact.moved)] {
                    let apart = distance(own, wanted)
                    #expect(
                        device.usesTensorCores ? apart < most && (apart > 0 || precision == .bfloat16) : apart == 0,
                        "\(loss), \(precision), \(name): \(apart)")
                }
            }
        }

        /// It is said, and nothing is opened.
        @Test func libraryThatDoesNotStart() throws {
            guard let device = try opened(refuses: "0"), device.usesTensorCores, getenv("DEEPXML_CUBLASLT_LIBRARY") != nil else {
                return
            }
            setenv("STANDIN_CUBLASLT_NO_START", "1", 1)
            let failure = #expect(throws: Failure.self) { try opened(refuses: "0") }
            unsetenv("STANDIN_CUBLASLT_NO_START")
            #expect(failure?.problem.contains("cuBLASLt 12.8 does not start") == true && failure?.code == .outOfResources)
        }
    }
}
