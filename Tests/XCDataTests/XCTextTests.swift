import Diagnostics
import Foundation
import Testing
import XCData

@Suite struct XCTextTests {
    @Test func readsFeatures() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("f.txt", "3 5\n0:1.5 4:2\n\n2:0.25\n")
        let m = try XCText.read(path: path, kind: .features, threads: 2)
        #expect(m.rows == 3 && m.cols == 5)
        #expect(m.starts.array == [0, 2, 2, 3])
        #expect(m.indices.array == [0, 4, 2])
        #expect(m.values?.array == [1.5, 2, 0.25])
    }
}
