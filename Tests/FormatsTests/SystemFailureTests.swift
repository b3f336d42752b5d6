import Formats
import Glibc
import Support
import TestSupport
import Testing

@Suite struct SystemFailureTests {
    @Test("a full disk is no wrong use") func codes() {
        for error in [ENOSPC, EDQUOT, EMFILE, ENOMEM, EIO] {
            #expect(Failure.system(error, cannot: "write", "/a/b").code == .outOfResources)
        }
        for error in [EACCES, EROFS, ENOENT] { #expect(Failure.system(error, cannot: "write", "/a/b").code == .usage) }
        let full = Failure.system(ENOSPC, cannot: "write", "/a/b")
        #expect(full.place == "/a/b" && full.advice.contains("free some space"))
        #expect(full.advice.contains("file system of /a"))
    }

    @Test func foldersOfPaths() {
        #expect(
            parentFolder("/a/b") == "/a" && parentFolder("/a") == "/" && parentFolder("a") == "."
                && parentFolder("a/b/c") == "a/b")
    }

    @Test("an abandoned file leaves no trace, and what was there stays") func atomicFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("kept", "old")
        do {
            var file = try AtomicFile(path: path)
            try file.write(Array("new".utf8))
            #expect(folder.names.count == 2)
        }
        #expect(folder.names == ["kept"])
        #expect(try ContentHash.ofFile(path) == ContentHash.hex(ContentHash.of(Array("old".utf8))))
        var file = try AtomicFile(path: path)
        try file.write(Array("new".utf8))
        try file.commit()
        #expect(folder.names == ["kept"])
        #expect(try ContentHash.ofFile(path) == ContentHash.hex(ContentHash.of(Array("new".utf8))))
    }
}
