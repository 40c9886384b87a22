/** A process of simulated cameras for a bench: `node test/bench/cameras.ts FILE FPS COUNT`. Prints their addresses as JSON. */
import { simulateCamera } from "#demo/rtsp/camera.ts";
import { readVideo } from "#demo/rtsp/video.ts";

const [file = "", fps = "25", count = "1"] = process.argv.slice(2);
const video = await readVideo(file, Number(fps));
const cameras = await Promise.all(Array.from({ length: Number(count) }, () => simulateCamera({ video, port: 0 })));
console.log(JSON.stringify(cameras.map(({ url }) => url)));
