import type { Filling, SampleLanguage } from './filling.ts';

/** JSON's way to quote is one of Go's. */
const string = (text: string) => JSON.stringify(text);

/** gofmt aligns the values of neighbouring lines. */
function fieldLines(fields: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...fields.map(([name]) => name.length));
  return fields
    .map(([name, value]) => `\t\t${string(name)}:${' '.repeat(longest - name.length + 1)}${string(value)},`)
    .join('\n');
}

const file = (imports: readonly string[], main: string) => `package main

import (
${imports.map((name) => `\t"${name}"`).join('\n')}
)

func main() {
${main}
}`;

const constants = (f: Filling, path: string) => `	apiToken := ${string(f.token)}
	apiURL := ${string(`${f.origin}/api/v1${path}`)}
`;

const ask = `	client := http.Client{Timeout: 30 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
`;

const read = (data: string) => `	var result struct {
		Success bool   \`json:"success"\`
		Message string \`json:"message"\`
		${data}
	}
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil {
		log.Fatal(err)
	}`;

const marshal = (fields: readonly (readonly [string, string])[]) => `	body, err := json.Marshal(map[string]any{
${fieldLines(fields)}
	})
	if err != nil {
		log.Fatal(err)
	}
`;

const SENT = `Data    struct {
			MessageID string \`json:"message_id"\`
		} \`json:"data"\``;

const post = (f: Filling, path: string, fields: readonly (readonly [string, string])[], done: string) =>
  file(
    ['bytes', 'encoding/json', 'fmt', 'log', 'net/http', 'time'],
    `${constants(f, path)}
${marshal(fields)}
	request, err := http.NewRequest(http.MethodPost, apiURL, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiToken)
	request.Header.Set("Content-Type", "application/json")

${ask}
${read(SENT)}

	if result.Success {
		fmt.Println("${done}:", result.Data.MessageID)
	} else {
		fmt.Println("Error:", result.Message)
	}`,
  );

const get = (f: Filling, path: string, data: string, then: string) =>
  file(
    ['encoding/json', 'fmt', 'log', 'net/http', 'time'],
    `${constants(f, path)}
	request, err := http.NewRequest(http.MethodGet, apiURL, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiToken)

${ask}
${read(data)}

	if !result.Success {
		log.Fatal("Error: ", result.Message)
	}
${then}`,
  );

export const go: SampleLanguage = {
  id: 'go',
  label: 'Go',
  title: 'Go (net/http)',
  write: {
    sendText: (f) =>
      post(
        f,
        '/send-message',
        [
          ['recipient', f.recipient],
          ['message', f.message],
        ],
        'Message sent',
      ),

    sendMedia: (f) =>
      post(
        f,
        '/send-media',
        [
          ['recipient', f.recipient],
          ['media_url', f.mediaUrl],
          ['media_type', 'image'],
          ['caption', f.caption],
        ],
        'Media sent',
      ),

    device: (f) =>
      get(
        f,
        '/device',
        `Data    struct {
			Device struct {
				Status string \`json:"status"\`
			} \`json:"device"\`
			Subscription struct {
				MessageRemaining int \`json:"message_remaining"\`
			} \`json:"subscription"\`
		} \`json:"data"\``,
        `	fmt.Println("Device:", result.Data.Device.Status)
	fmt.Println("Messages left:", result.Data.Subscription.MessageRemaining)`,
      ),

    messages: (f) =>
      get(
        f,
        '/messages?limit=10&status=sent',
        `Data    []struct {
			Recipient string \`json:"recipient"\`
			State     string \`json:"state"\`
		} \`json:"data"\``,
        `	for _, message := range result.Data {
		fmt.Println(message.Recipient + ": " + message.State)
	}`,
      ),

    retry: (f) =>
      file(
        ['bytes', 'encoding/json', 'fmt', 'log', 'net/http', 'strconv', 'time'],
        `${constants(f, '/send-message')}
${marshal([
  ['recipient', f.recipient],
  ['message', f.message],
])}
	client := http.Client{Timeout: 30 * time.Second}
	for attempt := 0; attempt < 5; attempt++ {
		request, err := http.NewRequest(http.MethodPost, apiURL, bytes.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+apiToken)
		request.Header.Set("Content-Type", "application/json")
		// The same key for every attempt: the message is sent once.
		request.Header.Set("Idempotency-Key", ${string(f.key)})

		wait := 1 << attempt
		response, err := client.Do(request)
		if err == nil {
			var result struct {
				Success bool   \`json:"success"\`
				Message string \`json:"message"\`
				Data    struct {
					MessageID string \`json:"message_id"\`
				} \`json:"data"\`
			}
			err = json.NewDecoder(response.Body).Decode(&result)
			response.Body.Close()
			status := response.StatusCode
			// 409: an earlier attempt is still running.
			if err == nil && status != 409 && status != 429 && status < 500 {
				if result.Success {
					fmt.Println("Message sent:", result.Data.MessageID)
				} else {
					fmt.Println("Error:", result.Message)
				}
				return
			}
			if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > wait {
				wait = seconds
			}
		}
		time.Sleep(time.Duration(wait) * time.Second)
	}
	fmt.Println("Error: no answer")`,
      ),
  },
};
