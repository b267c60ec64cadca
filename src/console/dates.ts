const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const minute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** An instant as its day, in the reader's time zone. */
export const formatDay = (instant: string) => day.format(new Date(instant));

/** An instant to the minute, in the reader's time zone. */
export const formatMinute = (instant: string) => minute.format(new Date(instant));
