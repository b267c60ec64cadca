/** Whether everything is to be tried as often as was promised (`npm run test:faults`), or a few times only. */
export const isFull = process.env['FAULTS'] === 'full';
