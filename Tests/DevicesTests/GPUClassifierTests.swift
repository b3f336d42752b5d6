import Devices
import Support
import Testing

extension GPUTests {
    /// Classifiers on a GPU device: steps of training, scores and searches give the CPU's bits.
    @Suite struct GPUClassifierTests {
        private static let labels = 300, batch = 9, dims = 20
        /// Leaves of several lengths, one of them empty.
        private static let leaves = [0..<40, 40..<40, 40..<170, 170..<300]

        /// Thirty documents; the columns are ones.
        private static func matrix(binary: Bool = true, _ columns: (Int) -> [Int]) -> CSRMatrix {
            var rows: [[(Int32, Float)]] = []
            for row in 0..<30 { rows.append(columns(row).map { (column: Int) in (Int32(column), Float(1)) }) }
            return CSRMatrix(cols: 320, rows: rows, binary: binary)
        }

        private static let truth = matrix { row in
            var own: Set<Int> = []
            for k in 0..<5 { own.insert((row * 37 + k * k * 11) % 320) }
            return own.sorted()
        }
        private static let docs: [Int32] = [3, 29, 7, 8, 0, 11, 22]

        /// A classifier's W, bias and moments, then z and ∂z.
        private static var shapes: [Both.Shape] {
            let weight = (labels, 32, 32), bias = (labels, 1, 1)
            return [weight, weight, weight, bias, bias, bias, (batch, dims, 32), (batch, dims, 32)]
        }

        private static func shard(
            _ device: any Device, _ tensors: [Tensor], hasBias: Bool = true, dims: Int = dims
        ) -> ClassifierShard {
            let shard = ClassifierShard(labels: 10..<10 + labels, dims: dims, hasBias: hasBias, on: device)
            for (to, from) in zip(shard.tensors, tensors) { device.copy(from, to: to) }
            // W's padding is zero, second moments are not negative, a missing bias is 0.
            device.fill(shard.weight.value.columns(dims..<32), 0)
            for moment in [shard.weight.secondMoment, shard.bias.secondMoment] { device.activate(moment, .relu, into: moment) }
            if !hasBias { device.fill(shard.bias.value, 0) }
            return shard
        }

        /// Two steps with all leaves, then one with half of them.
        private static func train(
            _ device: any Device, _ tensors: [Tensor], _ shard: ClassifierShard, _ operation: any ClassifierOperation,
            _ step: OptimiserStep
        ) -> [Double] {
            let rows = 0..<docs.count, z = tensors[6].rows(rows), dz = tensors[7].rows(rows)
            var losses: [Double] = []
            for (number, part) in [0..<4, 0..<4, 2..<4].enumerated() {
                operation.prepare(docs: docs, stream: RandomStream(key0: 1, key1: 2, purpose: 3, step: UInt32(number)))
                losses += operation.run(part, z: z, step: step, dz: dz).values()
            }
            for (from, to) in zip(shard.tensors, tensors) { device.copy(from, to: to) }
            // Rows of no document are anything.
            device.fill(tensors[7].rows(docs.count..<batch).withPadding, 0)
            return losses
        }

        @Test(arguments: ClassifierLossKind.allCases) func oneVsAll(_ loss: ClassifierLossKind) throws {
            for (step, hasBias) in [(GPUDeviceTests.steps[0], true), (GPUDeviceTests.steps[2], false)] {
                try Both.compareResults(Self.shapes, "\(loss) \(step.kind)") { device, tensors -> [Double] in
                    let shard = Self.shard(device, tensors, hasBias: hasBias)
                    let task = ClassifierTask(
                        classifier: shard, leaves: Self.leaves, truth: Self.truth, batchSize: Self.batch, loss: loss)
                    return Self.train(device, tensors, shard, device.oneVsAll(task, precision: .float32), step)
                }
            }
        }

        /// Subnormal weights and inputs among them, which count as zeros there.
        @Test(arguments: ClassifierLossKind.allCases) func oneVsAllInBFloat16(_ loss: ClassifierLossKind) throws {
            for (step, dims) in [(GPUDeviceTests.steps[0], Self.dims), (GPUDeviceTests.steps[2], Self.dims - 1)] {
                try Both.compareResults(Self.shapes, "bfloat16 \(loss)") { device, tensors -> [Double] in
                    for (part, factor) in [
                        (tensors[0].rows(50..<60).columns(0..<7), Float(1e-38)), (tensors[6].columns(3..<5), 1e-30),
                    ] {
                        device.scale(part, by: factor, into: part)
                    }
                    device.fill(tensors[6].columns(dims..<Self.dims), 0)
                    let shard = Self.shard(device, tensors, dims: dims)
                    let task = ClassifierTask(
                        classifier: shard, leaves: Self.leaves, truth: Self.truth, batchSize: Self.batch, loss: loss)
                    return Self.train(device, tensors, shard, device.oneVsAll(task, precision: .bfloat16), step)
                }
            }
        }

        @Test(arguments: ClassifierLossKind.allCases) func shortlists(_ loss: ClassifierLossKind) throws {
            let lists = Self.matrix { row in (0..<8).map { (place: Int) -> Int in 11 + (row * 13) % 30 + 30 * place } }
            let negatives = NegativeShortlists(inRange: lists, totals: Buffer([Int32](repeating: 8, count: 30)))
            let sizes = ShortlistSizes(maxPositives: 4, randomNegatives: 40, limit: 50)
            for (step, hasBias) in [(GPUDeviceTests.steps[0], true), (GPUDeviceTests.steps[3], false)] {
                try Both.compareResults(Self.shapes, "shortlists \(loss) \(step.kind)") { device, tensors -> [Double] in
                    let shard = Self.shard(device, tensors, hasBias: hasBias)
                    let task = ClassifierTask(
                        classifier: shard, leaves: Self.leaves, truth: Self.truth, batchSize: Self.batch, loss: loss)
                    let operation = device.shortlists(task, sizes: sizes, negatives: negatives)
                    return Self.train(device, tensors, shard, operation, step)
                        + [Double(operation.pairs.count), Double(operation.pairs.distinctLabels)]
                }
            }
        }

        private static func numbers(_ lists: TopK?) -> [Double] {
            (lists?.indices.array.map(Double.init) ?? []) + (lists?.scores.array.map { Double($0.bitPattern) } ?? [])
        }

        /// More labels than a group sorts at once, and ties.
        @Test(arguments: [1, 5, 320]) func bestLabels(_ k: Int) throws {
            try Both.compareResults(Self.shapes, "best \(k)") { device, tensors -> [Double] in
                let shard = Self.shard(device, tensors)
                device.copy(shard.weight.value.rows(0..<40), to: shard.weight.value.rows(100..<140))
                device.copy(shard.bias.value.rows(0..<40), to: shard.bias.value.rows(100..<140))
                let packed = device.packedSearch(over: shard)
                return Self.numbers(device.bestLabels(shard, z: tensors[6], k: k))
                    + Self.numbers(try? packed.topK(queries: tensors[6], k: k))
            }
        }

        @Test func search() throws {
            try Both.compareResults([(5000, 16, 16), (3, 16, 16)], "search") { device, t -> [Double] in
                let exact = device.exactSearch(over: t[0], firstId: 100), packed = device.packedSearch(over: t[0], firstId: 100)
                return [1, 40, 1024, 1100].flatMap { Self.numbers(try? exact.topK(queries: t[1], k: $0)) }
                    + Self.numbers(try? packed.topK(queries: t[1], k: 7))
            }
        }

        @Test func logits() throws {
            let wanted = Self.matrix(binary: false) { row in (0..<row % 4).map { (place: Int) -> Int in 10 + row + 70 * place } }
            try Both.compareResults(Self.shapes, "logits") { device, tensors -> [Double] in
                let shard = Self.shard(device, tensors)
                let logits = device.logits(shard, z: tensors[6].rows(0..<Self.docs.count), of: wanted, docs: Self.docs)
                return logits.indices.array.map(Double.init) + (logits.values?.array.map { Double($0.bitPattern) } ?? [])
            }
        }
    }
}

extension ClassifierShard {
    fileprivate var tensors: [Tensor] {
        [weight, bias].flatMap { [$0.value, $0.firstMoment, $0.secondMoment] }
    }
}
