import Devices
import Dispatch
import Support
import Testing

extension GPUTests {
    @Suite struct GPUThreadsTests {
        @Test("what one thread writes arrives while another waits for what it reads") func readsBesideWrites() throws {
            guard let gpu = Both.gpu else { return }
            @Sendable func tensor() -> Tensor { Tensor(gpu.memory(floats: 3000), rows: 1, cols: 3000, stride: 3000) }
            @Sendable func values(_ number: Int) -> Buffer<Float> { Buffer((0..<3000).map { Float($0 * 7 + number) }) }
            let written = (0..<300).map { _ in tensor() }, read = tensor()
            gpu.upload(values(-1), to: read)
            let tensors = Tensors(written: written, read: read)
            DispatchQueue.concurrentPerform(iterations: 2) { thread in
                for (number, tensor) in tensors.written.enumerated() {
                    if thread == 0 {
                        gpu.upload(values(number), to: tensor)
                    } else {
                        #expect(gpu.download(tensors.read).array == values(-1).array)
                    }
                }
            }
            try gpu.finish()
            for (number, tensor) in written.enumerated() { #expect(gpu.download(tensor).array == values(number).array) }
        }

        private struct Tensors: @unchecked Sendable {
            let written: [Tensor], read: Tensor
        }
    }
}
