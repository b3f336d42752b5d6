import DeepXMLModel
import Support
import Testing

@Suite struct NarrowWeightsTests {
    @Test("numbers too small to be divided well stay within a byte") func tinyWeights() {
        let least = Float.leastNonzeroMagnitude
        let matrix = CSRMatrix(cols: 3, rows: [[(0, 190 * least), (1, -190 * least), (2, least)], [(0, 254), (2, -2)], []])
        let (whole, scales) = matrix.quantisedRows()
        #expect(whole.values?.array == [127, -127, 1, 127, -1] && whole.indices.array == [0, 1, 2, 0, 2])
        #expect(scales.array == [least, 2, 0])
    }
}
