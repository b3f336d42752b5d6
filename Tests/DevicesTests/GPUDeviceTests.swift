import Devices
import Foundation
import Support
import Testing

/// A GPU device beside the CPU's: OpenCL's first device, PoCL's processor where there is no other.
enum Both {
    static let cpu = CPUDevice(team: ThreadTeam(size: 1))

    /// nil, and why, where no OpenCL device is there.
    static let gpu: (any Device)? = {
        setenv("DEEPXML_OPENCL_CPU", "1", 1)
        let visible = GPUs.visible(.gpu)
        guard let device = visible.devices.first else {
            print("skipped: the tests of GPU devices (\(visible.missing.joined(separator: "; ")))")
            return nil
        }
        return try? GPUs.open(device, team: ThreadTeam(size: 1))
    }()

    /// Rows, columns, stride; numbers in −1 ..< 1, zeros as padding.
    typealias Shape = (rows: Int, cols: Int, stride: Int)

    private static func numbers(_ shape: Shape, _ seed: Int) -> Tensor {
        let tensor = Tensor(
            cpu.memory(floats: shape.rows * shape.stride), rows: shape.rows, cols: shape.cols, stride: shape.stride)
        let stream = RandomStream(key0: UInt32(seed), key1: 7, purpose: 0, step: 0)
        cpu.fillUniform(tensor, stream, firstRow: 0, firstColumn: 0, bound: 1)
        return tensor
    }

    /// Runs an operation on both devices from the same numbers and compares all tensors, padding too.
    ///
    /// - Parameters:
    ///   - tolerance: the largest difference; 0: the same bits.
    ///   - operation: also what it returns is compared.
    static func compareResults(
        _ shapes: [Shape], tolerance: Float = 0, _ name: String, _ operation: (any Device, [Tensor]) -> [Double]
    ) throws {
        guard let gpu else { return }
        let own = shapes.enumerated().map { numbers($1, $0 + 1) }
        let theirs = own.map { tensor in
            let copy = Tensor(
                gpu.memory(floats: tensor.memory.count), rows: tensor.rows, cols: tensor.cols, stride: tensor.stride)
            gpu.upload(cpu.download(tensor.withPadding), to: copy.withPadding)
            return copy
        }
        let (a, b) = (operation(cpu, own), operation(gpu, theirs))
        try gpu.finish()
        #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($0)) }, "\(name): \(a) \(b)")
        for (place, (x, y)) in zip(own, theirs).enumerated() {
            let x = cpu.download(x.withPadding).array, y = gpu.download(y.withPadding).array
            let differing = zip(x, y).filter { $0.bitPattern != $1.bitPattern && !($0 == 0 && $1 == 0) }
            let most = differing.map { abs($0 - $1) / max(1, abs($0)) }.max() ?? 0
            #expect(
                tolerance == 0 ? differing.isEmpty : most <= tolerance,
                "\(name), tensor \(place): \(differing.count) of \(x.count) differ, by \(most) at most: \(differing.prefix(3))")
        }
    }

    static func compare(
        _ shapes: [Shape], tolerance: Float = 0, _ name: String, _ operation: (any Device, [Tensor]) -> Void
    ) throws {
        try compareResults(shapes, tolerance: tolerance, name) { device, tensors -> [Double] in
            operation(device, tensors)
            return []
        }
    }
}

/// One test after the other: they share a device.
@Suite(.serialized) enum GPUTests {}

extension GPUTests {
    /// Every operation of a GPU device gives what the CPU's gives: the same bits, but where a test says what else.
    @Suite struct GPUDeviceTests {
        private let stream = RandomStream(key0: 3, key1: 5, purpose: 2, step: 9)

        @Test func elementwise() throws {
            let padded = (5, 70, 80), tight = (5, 70, 70)
            try Both.compare([padded], "fill") { $0.fill($1[0], 2.5) }
            try Both.compare([padded, tight], "copy") { $0.copy($1[0], to: $1[1]) }
            try Both.compare([(5, 70, 70)], "clearPadding") { $0.clearPadding(of: $1[0].columns(3..<20)) }
            try Both.compare([padded, tight], "add") { $0.add($1[0], to: $1[1]) }
            try Both.compare([padded, padded, padded], "add pair") { $0.add($1[0], $1[1], into: $1[2]) }
            try Both.compare([padded, tight], "scale") { $0.scale($1[0], by: 0.3, into: $1[1]) }
            try Both.compare([tight, (1, 1, 1), tight], "divide") { $0.divide($1[0], by: $1[1], into: $1[2]) }
            try Both.compare([padded, (1, 70, 70)], "addBias") { $0.addBias($1[1], to: $1[0]) }
            try Both.compare([(300, 70, 80), (1, 70, 70)], "columnSums") { $0.columnSums($1[0], into: $1[1]) }
            try Both.compare([(300, 70, 80), (300, 70, 80), (1, 70, 70)], "columnProducts") {
                $0.columnProducts($1[0], $1[1], into: $1[2])
            }
        }

        @Test(arguments: ActivationFunction.allCases) func activations(_ function: ActivationFunction) throws {
            // GELU by the driver's own error function.
            let tolerance: Float = function == .gelu ? 1e-6 : 0
            try Both.compare([(7, 130, 144), (7, 130, 144)], tolerance: tolerance, "\(function)") { device, t in
                device.scale(t[0], by: 6, into: t[0])
                device.activate(t[0], function, into: t[1])
            }
            try Both.compare([(7, 130, 144), (7, 130, 144), (7, 130, 144)], tolerance: tolerance, "\(function) backward") {
                device, t in
                device.activate(t[0], function, into: t[1])
                device.activateBackward(t[2], function, x: t[0], y: t[1])
            }
        }

        @Test func dropout() throws {
            let ids: [Int32] = [4, 900, 4, 17, 1]
            for (keep, first, relu) in [(Float(0.5), 0, true), (0.8, 24, true), (0.5, 0, false), (1, 0, true)] {
                try Both.compare([(5, 70, 80)], "drop \(keep) \(first) \(relu)") {
                    $0.drop($1[0], Dropout(stream: stream, keep: keep, ids: ids, firstColumn: first), relu: relu)
                }
            }
            try Both.compare([(5, 70, 80)], "drop by positions") {
                $0.drop($1[0], Dropout(stream: stream, keep: 0.6, ids: ids, positions: [0, 3, 1, 2, 9]), relu: true)
            }
            try Both.compare([(5, 70, 80)], "ReLU") { $0.drop($1[0], nil, relu: true) }
            try Both.compare([(5, 70, 80), (5, 70, 80)], "backward") { $0.dropReluBackward($1[0], y: $1[1], keep: 0.7) }
        }

        /// Whole tiles, edges, an inner dimension that is no multiple of the tile's, and views.
        @Test(arguments: [(1, 1, 1), (5, 300, 7), (130, 129, 65), (128, 256, 8)]) func products(_ m: Int, _ n: Int, _ k: Int)
            throws
        {
            try Both.compare([(m, k, k + 3), (k, n, n + 5), (m, n, n + 1)], "a b") {
                $0.multiply($1[0], $1[1], into: $1[2], accumulate: false)
            }
            try Both.compare([(m, k, k), (k, n, n), (m, n, n)], "c + a b") {
                $0.multiply($1[0], $1[1], into: $1[2], accumulate: true)
            }
            try Both.compare([(m, k, k), (n, k, k + 2), (m, n, n)], "a bᵀ") { $0.multiply($1[0], transposed: $1[1], into: $1[2]) }
            try Both.compare([(k, m, m), (k, n, n), (m, n, n)], "aᵀ b") { $0.multiply(transposed: $1[0], $1[1], into: $1[2]) }
            try Both.compare([(m, k, k), (n, k, k), (m, n, n)], "prepared") { device, t in
                let operand = device.preparedMatrix(inner: k, cols: n)
                device.prepare(operand, from: t[1], transposed: true)
                device.multiply(t[0], operand, into: t[2], accumulate: true)
            }
        }

        @Test func rows() throws {
            try Both.compare([(6, 70, 80), (4, 70, 70)], "gather") { $0.gatherRows($1[0], [5, -1, 0, 5], into: $1[1]) }
            try Both.compare([(4, 70, 70), (6, 70, 80)], "scatter") { $0.scatterRows($1[0], [5, -1, 0, 2], into: $1[1]) }
            try Both.compare([(6, 70, 70), (4, 70, 70)], "add rows") { $0.addRows(of: $1[0], [5, 1, 0, 5], to: $1[1]) }
            try Both.compare([(4, 70, 70), (6, 70, 70)], "sum rows") { $0.sumRows($1[0], into: $1[1], [5, 1, 5, 5]) }
            let pairs = [RowPair(from: 1, to: 2), RowPair(from: 0, to: 2), RowPair(from: 3, to: 0)]
            try Both.compare([(4, 70, 70), (6, 70, 70)], "add pairs") { $0.addRows(pairs, of: $1[0], to: $1[1]) }
            try Both.compare([(4, 70, 70), (6, 70, 70)], "copy pairs") { $0.copyRows(pairs, of: $1[0], to: $1[1]) }
            try Both.compare([(4, 70, 80)], "uniform") {
                $0.fillUniform($1[0], stream, firstRow: 11, firstColumn: 6, bound: 0.25)
            }
        }

        private static let bags = CSRMatrix(
            cols: 9, rows: [[(0, 0.5), (3, -1), (8, 2)], [], [(3, 1.5)], [(1, 0.1), (2, 0.2), (3, 0.3), (8, 0.4)]])

        @Test func bagsOfEmbeddings() throws {
            let docs: [Int32] = [3, 0, 1, 3, 2]
            try Both.compare([(9, 70, 70), (5, 70, 80)], "bags") { $0.sumRows(of: $1[0], Self.bags, docs, into: $1[1]) }
            for step in Self.steps {
                try Both.compare([(9, 70, 70), (9, 70, 70), (9, 70, 70), (5, 70, 70)], "\(step)") { device, t in
                    device.activate(t[2], .relu, into: t[2])
                    device.updateRows(of: Self.parameter(t), Self.bags, docs, gradient: t[3], step)
                }
            }
            let dense = CSRMatrix(cols: 2, rows: [[(0, 1), (1, 2)], [(0, 3), (1, 4)]])
            try Both.compare([(3, 2, 4)], "document rows") { $0.copyRows(of: dense, [1, 0, 1], into: $1[0]) }
        }

        /// A parameter of three tensors.
        private static func parameter(_ tensors: [Tensor]) -> Parameter {
            var place = 0
            return Parameter(rows: tensors[0].rows, cols: tensors[0].cols) { _, _ in
                defer { place += 1 }
                return tensors[place]
            }
        }

        static let steps: [OptimiserStep] = [
            OptimiserStep(kind: .adam, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, rate: 0.01, inverseRoot: 3.2),
            OptimiserStep(kind: .adam, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, rate: 0.01, inverseRoot: 1, weightDecay: 0.02),
            OptimiserStep(kind: .adamW, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, rate: 0.01, inverseRoot: 1, weightDecay: 0.02),
            OptimiserStep(kind: .sgd, beta1: 0.9, beta2: 0, epsilon: 0, rate: 0.01, inverseRoot: 1, weightDecay: 0.02),
        ]

        @Test(arguments: steps) func optimiser(_ step: OptimiserStep) throws {
            try Both.compare([(9, 70, 70), (9, 70, 70), (9, 70, 70), (1, 100, 100)], "\(step)") { device, t in
                device.activate(t[2], .relu, into: t[2])
                device.update(Self.parameter(t), 13..<113, gradient: t[3], step)
            }
        }

        /// What goes through the host comes back whole, views of one memory too.
        @Test func throughTheHost() throws {
            try Both.compare([(6, 20, 32), (1, 20, 20), (1, 20, 20)], "moments") {
                $0.columnMoments($1[0], mean: $1[1], squares: $1[2])
            }
            try Both.compare([(4, 30, 32)], "unit rows") { $0.makeUnitRows($1[0].rows(1..<3)) }
            try Both.compareResults([(9, 16, 16), (3, 16, 16)], "search") { device, t -> [Double] in
                let found = try? device.exactSearch(over: t[0], firstId: 100).topK(queries: t[1], k: 4)
                return (found?.indices.array.map(Double.init) ?? []) + (found?.scores.array.map(Double.init) ?? [])
            }
        }

        private func opened(cache: String? = nil) throws -> GPUDevice? {
            guard Both.gpu != nil, let device = GPUs.visible(.gpu).devices.first else { return nil }
            return try GPUs.open(device, team: ThreadTeam(size: 1), cacheFolder: cache)
        }

        /// What was refused is said at the next `finish`, with what was asked, and nothing runs meanwhile.
        @Test func refusedMemory() throws {
            guard let device = try opened() else { return }
            let kept = device.tensor(rows: 1, cols: 8), refused = device.tensor(rows: 1 << 20, cols: 1 << 22)
            device.fill(refused, 1)
            device.fill(kept, 1)
            #expect(device.download(kept).array == Array(repeating: 0, count: 8))
            for _ in 0..<2 {
                let failure = #expect(throws: Failure.self) { try device.finish() }
                #expect(
                    failure?.code == .outOfResources && failure?.found.contains("16384.00 GiB were refused") == true,
                    "\(failure!)")
                #expect(failure?.place.isEmpty == false)
            }
        }

        /// A damaged program in the cache is compiled again.
        @Test func cachedPrograms() throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "gpu-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            guard try opened(cache: folder) != nil else { return }
            let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first), path = "\(folder)/\(file)"
            let whole = try Data(contentsOf: URL(filePath: path))
            for damaged in [Data(), whole.prefix(30), whole.prefix(whole.count / 2), whole + Data([0])] {
                try damaged.write(to: URL(filePath: path))
                let device = try #require(try opened(cache: folder)), x = device.tensor(rows: 2, cols: 2)
                device.fill(x, 3)
                #expect(device.download(x).array == [3, 3, 3, 3])
                try device.finish()
                #expect(try Data(contentsOf: URL(filePath: path)) != damaged)
            }
        }
    }
}
