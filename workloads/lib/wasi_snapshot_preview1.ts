// What a module imports; the compiler takes the name of the module that is imported from the name of this file.

export declare function fd_read(descriptor: i32, vectors: usize, count: i32, done: usize): i32;

export declare function fd_write(descriptor: i32, vectors: usize, count: i32, done: usize): i32;

export declare function proc_exit(status: i32): void;

export declare function args_sizes_get(count: usize, size: usize): i32;

export declare function args_get(places: usize, bytes: usize): i32;

export declare function random_get(at: usize, length: i32): i32;
