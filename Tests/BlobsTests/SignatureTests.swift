import Foundation
import Secrets
import Testing

@testable import Blobs

/// The examples of "Signature Calculations for the Authorization Header" in the Amazon S3 API reference, and of AWS's test suite.
@Suite("Signature Version 4") struct SignatureTests {
    private static let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: S3Request
        var digest = SignatureTests.emptyDigest
        let signature: String
    }

    static let examples: [Example] = [
        Example(
            testDescription: "GET object",
            request: S3Request(method: .get, path: "/test.txt", headers: headers(["range": "bytes=0-9"])),
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            testDescription: "PUT object",
            request: S3Request(
                method: .put, path: "/test$file.text",
                headers: headers(["date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"], digest: putDigest)),
            digest: putDigest, signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            testDescription: "GET bucket lifecycle",
            request: S3Request(method: .get, path: "/", query: [("lifecycle", "")], headers: headers([:])),
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            testDescription: "List objects",
            request: S3Request(method: .get, path: "/", query: [("prefix", "J"), ("max-keys", "2")], headers: headers([:])),
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    private static let putDigest = Digest.sha256("Welcome to Amazon S3.").hex

    private static func headers(_ more: [String: String], digest: String = emptyDigest) -> [(name: String, value: String)] {
        let common = ["host": "examplebucket.s3.amazonaws.com", "x-amz-content-sha256": digest, "x-amz-date": "20130524T000000Z"]
        return common.merging(more) { $1 }.map { ($0, $1) }
    }

    @Test("A request is signed as Amazon's examples are", arguments: examples) func signature(example: Example) throws {
        let signature = Signature(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1")
        let time = try Date("2013-05-24T00:00:00Z", strategy: .iso8601)

        let authorization = signature.authorization(of: example.request, at: time, payloadDigest: example.digest)

        #expect(
            authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="))
        #expect(authorization.hasSuffix(",Signature=\(example.signature)"))
    }

    @Test("The suite's plainest request has the suite's signature") func vanilla() throws {
        let signature = Signature(
            accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region: "us-east-1", service: "service")
        let headers = [(name: "host", value: "example.amazonaws.com"), (name: "x-amz-date", value: "20150830T123600Z")]

        let authorization = signature.authorization(
            of: S3Request(method: .get, path: "/", headers: headers), at: try Date("2015-08-30T12:36:00Z", strategy: .iso8601),
            payloadDigest: Self.emptyDigest)

        #expect(authorization.hasSuffix("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"))
    }
}
