import Foundation
import Support
import TestSupport
import Testing

@Suite struct FolderNameTests {
    @Test("blanks within a name are fine", arguments: ["a", "my mail", "LF-Amazon 131K", "é", "a.b", "-x"])
    func allowed(_ name: String) { #expect(FolderName.allows(name)) }

    @Test(
        "a name is one component of a path that a person can read",
        arguments: [
            "", ".", "..", ".hidden", " a", "a ", "a/b", "a\\b", "a\tb", "a\u{7F}", "\u{85}", String(repeating: "a", count: 101),
        ])
    func refused(_ name: String) { #expect(!FolderName.allows(name)) }

    @Test func doublesAreSaturated() {
        let largest = Double(Int.max),
            cases: [(Double, Int)] = [
                (0, 0), (2.9, 2), (-2.9, -2), (1e300, .max), (-1e300, .min), (.infinity, .max), (-.infinity, .min), (.nan, 0),
                (largest, .max), (largest.nextDown, Int(largest.nextDown)),
            ]
        for (value, expected) in cases { #expect(Int(saturating: value) == expected, "\(value)") }
    }

    @Test func sameFileByAnyName() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", "x"), link = folder.file("b")
        symlink(path, link)
        #expect(isSameFile(path, link) && isSameFile(path, folder.path + "/./a"))
        #expect(!isSameFile(path, try folder.write("c", "x")) && !isSameFile(path, folder.file("none")))
        #expect(!isSameFile(folder.path, folder.path))
    }
}
