/** Says in one line what is being done. Called many times; never throws. */
export type OnProgress = (message: string) => void;
